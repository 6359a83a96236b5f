//! Loops over parameters whose number is a constant, written out.

/// Runs a block for each number below a constant, which is at most `MAXIMUM_PARAMETERS`. Compilers do not unroll the outer
/// of nested loops; with each number a constant they unroll the inner ones, and keep small matrices in registers.
macro_rules! unrolled {
    ($j:ident < $count:ident, $block:block) => {
        unrolled!(@each $j, $count, $block, 0 1 2 3 4 5 6 7 8)
    };
    (@each $j:ident, $count:ident, $block:block, $($number:literal)*) => {
        $(if $number < $count {
            let $j: usize = $number;
            $block
        })*
    };
}
