//! Positions side by side: of each of their numbers, those of all `W` positions.

use super::scratch::with_scratch;

/// Writes the numbers of position `w` of `all` (`dim x W`) to `one` (`dim`).
#[inline]
fn take<const W: usize>(w: usize, all: &[[f64; W]], one: &mut [f64]) {
    for (one, all) in one.iter_mut().zip(all) {
        *one = all[w];
    }
}

/// Writes `one` (`dim`) to position `w` of `all` (`dim x W`).
#[inline]
fn put<const W: usize>(w: usize, one: &[f64], all: &mut [[f64; W]]) {
    for (one, all) in one.iter().zip(all) {
        all[w] = *one;
    }
}

/// Calls `with` with the numbers of position `w` alone: those of `first` and `second` to read, those of `changed` to change.
#[inline]
pub(super) fn alone<const W: usize, R>(
    w: usize,
    [first, second]: [&[[f64; W]]; 2],
    changed: &mut [[f64; W]],
    with: impl FnOnce(&[f64], &[f64], &mut [f64]) -> R,
) -> R {
    if W == 1 {
        let changed = changed.as_flattened_mut();
        return with(first.as_flattened(), second.as_flattened(), changed);
    }
    let lens = [first.len(), second.len()];
    with_scratch(lens[0] + lens[1] + changed.len(), |scratch| {
        let (one, scratch) = scratch.split_at_mut(lens[0]);
        let (other, own) = scratch.split_at_mut(lens[1]);
        take(w, first, one);
        take(w, second, other);
        take(w, changed, own);
        let result = with(one, other, own);
        put(w, own, changed);
        result
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_to_one_leaves_the_others() {
        let [first, second] = [[[1.0, 2.0]; 3], [[3.0, 4.0]; 3]];
        let mut changed = [[5.0, 6.0], [7.0, 8.0]];
        let sum = alone(1, [&first, &second], &mut changed, |one, other, own| {
            assert_eq!((one, other), (&[2.0; 3][..], &[4.0; 3][..]));
            own[1] += 1.0;
            own.iter().sum::<f64>()
        });
        assert_eq!(sum, 15.0);
        assert_eq!(changed, [[5.0, 6.0], [7.0, 9.0]]);
        let mut changed = [[5.0], [7.0]];
        alone(
            0,
            [&[[1.0]], &[[3.0]; 2]],
            &mut changed,
            |one, other, own| {
                assert_eq!((one, other), (&[1.0][..], &[3.0; 2][..]));
                own[1] += 1.0;
            },
        );
        assert_eq!(changed, [[5.0], [8.0]]);
    }
}
