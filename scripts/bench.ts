// npm run bench: ratios measured side by side in one run, then what a reader of the built site waits for.
import {benchAdcFit} from "../bench/adc-fit.js";
import {benchFit} from "../bench/fit.js";
import {benchPages} from "../bench/page.js";
import {buildSite} from "./build.js";

await buildSite();
await benchAdcFit();
await benchFit();
await benchPages();
