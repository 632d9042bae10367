//! What of a shape lies within a panel.

use super::canvas::Pixel;

/// A rectangle in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Area {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Area {
    pub(super) fn width(&self) -> f64 {
        self.right - self.left
    }

    pub(super) fn height(&self) -> f64 {
        self.bottom - self.top
    }

    pub(super) fn holds(&self, (x, y): Pixel) -> bool {
        (self.left..=self.right).contains(&x) && (self.top..=self.bottom).contains(&y)
    }

    pub(super) fn clamp(&self, (x, y): Pixel) -> Pixel {
        (
            x.clamp(self.left, self.right),
            y.clamp(self.top, self.bottom),
        )
    }

    /// How many square pixels two rectangles share.
    pub(super) fn overlap(&self, other: &Self) -> f64 {
        let wide = self.right.min(other.right) - self.left.max(other.left);
        let high = self.bottom.min(other.bottom) - self.top.max(other.top);
        wide.max(0.0) * high.max(0.0)
    }

    pub(super) fn grown(&self, by: f64) -> Self {
        Self {
            left: self.left - by,
            top: self.top - by,
            right: self.right + by,
            bottom: self.bottom + by,
        }
    }
}

/// The stretch of a segment within an area (Liang and Barsky 1984).
fn segment(area: &Area, from: Pixel, to: Pixel) -> Option<(Pixel, Pixel)> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
    for (along, room) in [
        (-dx, from.0 - area.left),
        (dx, area.right - from.0),
        (-dy, from.1 - area.top),
        (dy, area.bottom - from.1),
    ] {
        if along == 0.0 && room < 0.0 {
            return None;
        }
        let share = room / along;
        if along < 0.0 {
            enter = enter.max(share);
        } else if along > 0.0 {
            leave = leave.min(share);
        }
    }
    // From the nearer end, which loses fewer digits.
    let at = |share: f64| {
        let (end, share) = if share <= 0.5 {
            (from, share)
        } else {
            (to, share - 1.0)
        };
        area.clamp((end.0 + share * dx, end.1 + share * dy))
    };
    (enter <= leave).then(|| (at(enter), at(leave)))
}

/// The pieces of a line within an area.
pub(super) fn line(area: &Area, points: &[Pixel]) -> Vec<Vec<Pixel>> {
    if points.iter().all(|&point| area.holds(point)) {
        return if points.len() > 1 {
            vec![points.to_vec()]
        } else {
            Vec::new()
        };
    }
    let mut pieces: Vec<Vec<Pixel>> = Vec::new();
    for pair in points.windows(2) {
        let Some((from, to)) = segment(area, pair[0], pair[1]) else {
            continue;
        };
        match pieces.last_mut() {
            Some(piece) if piece.last() == Some(&from) => piece.push(to),
            _ => pieces.push(vec![from, to]),
        }
    }
    pieces
}

/// The part of a polygon within an area (Sutherland and Hodgman 1974).
pub(super) fn polygon(area: &Area, points: &[Pixel]) -> Vec<Pixel> {
    // Of each border: whether it is a vertical one, where it stands, and on which side of it the area lies.
    let sides = [
        (true, area.left, 1.0),
        (true, area.right, -1.0),
        (false, area.top, 1.0),
        (false, area.bottom, -1.0),
    ];
    let mut kept = points.to_vec();
    for (vertical, border, sign) in sides {
        let inside = |(x, y): Pixel| sign * (if vertical { x } else { y } - border);
        let mut next = Vec::with_capacity(kept.len() + 4);
        for (index, &to) in kept.iter().enumerate() {
            let from = kept[(index + kept.len() - 1) % kept.len()];
            let (before, after) = (inside(from), inside(to));
            if (before < 0.0) != (after < 0.0) {
                let share = before / (before - after);
                next.push((
                    from.0 + share * (to.0 - from.0),
                    from.1 + share * (to.1 - from.1),
                ));
            }
            if after >= 0.0 {
                next.push(to);
            }
        }
        kept = next;
    }
    kept.into_iter().map(|point| area.clamp(point)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const AREA: Area = Area {
        left: 0.0,
        top: 0.0,
        right: 10.0,
        bottom: 10.0,
    };

    #[test]
    fn a_line_that_leaves_and_comes_back_is_two_pieces() {
        let pieces = line(&AREA, &[(1.0, 5.0), (5.0, -5.0), (9.0, 5.0), (9.0, 9.0)]);
        assert_eq!(
            pieces,
            [
                vec![(1.0, 5.0), (3.0, 0.0)],
                vec![(7.0, 0.0), (9.0, 5.0), (9.0, 9.0)]
            ]
        );
        assert!(line(&AREA, &[(-5.0, -5.0), (-1.0, 20.0)]).is_empty());
        assert_eq!(
            line(&AREA, &[(-1e12, 5.0), (1e12, 5.0)]),
            [[(0.0, 5.0), (10.0, 5.0)]]
        );
    }

    #[test]
    fn a_polygon_is_cut_at_the_border() {
        let cut = polygon(&AREA, &[(-5.0, 2.0), (5.0, 2.0), (5.0, 4.0), (-5.0, 4.0)]);
        let mut sorted = cut.clone();
        sorted.sort_by(|left, right| left.partial_cmp(right).unwrap_or(std::cmp::Ordering::Equal));
        assert_eq!(sorted, [(0.0, 2.0), (0.0, 4.0), (5.0, 2.0), (5.0, 4.0)]);
        assert!(polygon(&AREA, &[(-5.0, 2.0), (-3.0, 2.0), (-3.0, 4.0)]).is_empty());
        assert!(polygon(&AREA, &[]).is_empty());
    }
}
