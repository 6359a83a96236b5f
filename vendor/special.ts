// Special and elementary functions from stdlib (ports of Boost and FreeBSD): CommonJS default exports, named here.
// exp, ln and so on are here because engines differ in the last bit of Math.exp; these give the same bits everywhere.
import asin from "@stdlib/math-base-special-asin";
import betainc from "@stdlib/math-base-special-betainc";
import betaincinv from "@stdlib/math-base-special-betaincinv";
import erfc from "@stdlib/math-base-special-erfc";
import erfcinv from "@stdlib/math-base-special-erfcinv";
import exp from "@stdlib/math-base-special-exp";
import expm1 from "@stdlib/math-base-special-expm1";
import gammainc from "@stdlib/math-base-special-gammainc";
import gammaincinv from "@stdlib/math-base-special-gammaincinv";
import gammaln from "@stdlib/math-base-special-gammaln";
import ln from "@stdlib/math-base-special-ln";

export {asin, betainc, betaincinv, erfc, erfcinv, exp, expm1, gammainc, gammaincinv, gammaln, ln};
