//! Which colour a role has on which ground.

use crate::{Colour, Theme};

/// Red, green and blue, from 0 to 255.
pub type Rgb = (u8, u8, u8);

/// For a white ground: the hues of Okabe and Ito (2008), the bright ones darkened until they are seen on it.
const SERIES_ON_LIGHT: [Rgb; 8] = [
    (16, 110, 198),
    (232, 74, 0),
    (2, 148, 96),
    (170, 91, 146),
    (88, 75, 19),
    (24, 156, 214),
    (77, 108, 86),
    (149, 133, 23),
];

/// For a dark ground: the same hues in the same order, the dark ones brightened.
const SERIES_ON_DARK: [Rgb; 8] = [
    (74, 160, 255),
    (255, 165, 38),
    (11, 194, 116),
    (205, 171, 210),
    (249, 245, 50),
    (64, 114, 251),
    (208, 196, 188),
    (159, 116, 14),
];

impl Theme {
    /// The colour of the ground.
    pub fn ground(self) -> Rgb {
        match self {
            Self::Light => (255, 255, 255),
            Self::Dark => (20, 24, 31),
        }
    }

    /// The colour that a role has on this ground.
    pub fn colour(self, role: Colour) -> Rgb {
        let (series, [quiet, accent, truth, warning, ink]) = match self {
            Self::Light => (
                &SERIES_ON_LIGHT,
                [
                    (120, 128, 138),
                    (16, 110, 198),
                    (2, 148, 96),
                    (232, 74, 0),
                    (32, 36, 43),
                ],
            ),
            Self::Dark => (
                &SERIES_ON_DARK,
                [
                    (140, 149, 162),
                    (74, 160, 255),
                    (11, 194, 116),
                    (255, 165, 38),
                    (230, 234, 240),
                ],
            ),
        };
        match role {
            Colour::Series(index) => series[index % series.len()],
            Colour::Quiet => quiet,
            Colour::Accent => accent,
            Colour::Truth => truth,
            Colour::Warning => warning,
            Colour::Ink => ink,
        }
    }

    /// The colour of axes and of words that are not the message.
    pub(crate) fn muted(self) -> Rgb {
        self.mixed(Colour::Ink, 0.78)
    }

    /// The colour of grid lines.
    pub(crate) fn grid(self) -> Rgb {
        self.mixed(Colour::Ink, 0.13)
    }

    /// So much of a role's colour over the ground.
    pub(crate) fn mixed(self, role: Colour, share: f64) -> Rgb {
        let (over, under) = (self.colour(role), self.ground());
        let mix = |over: u8, under: u8| {
            (f64::from(over) * share + f64::from(under) * (1.0 - share)).round() as u8
        };
        (
            mix(over.0, under.0),
            mix(over.1, under.1),
            mix(over.2, under.2),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Linear light of a channel (IEC 61966-2-1).
    fn linear(channel: u8) -> f64 {
        let share = f64::from(channel) / 255.0;
        if share <= 0.040_45 {
            share / 12.92
        } else {
            ((share + 0.055) / 1.055).powf(2.4)
        }
    }

    /// The contrast ratio of WCAG 2.2: 3 is asked of graphics, 4.5 of text.
    fn contrast(one: Rgb, other: Rgb) -> f64 {
        let luminance =
            |rgb: Rgb| 0.2126 * linear(rgb.0) + 0.7152 * linear(rgb.1) + 0.0722 * linear(rgb.2);
        let (one, other) = (luminance(one) + 0.05, luminance(other) + 0.05);
        one.max(other) / one.min(other)
    }

    /// How a colour looks without a kind of cones (Machado, Oliveira and Fernandes 2009, severity 1), in CIE Lab.
    fn lab(rgb: Rgb, seen: [[f64; 3]; 3]) -> [f64; 3] {
        let light = [linear(rgb.0), linear(rgb.1), linear(rgb.2)];
        let times = |matrix: [[f64; 3]; 3], vector: [f64; 3]| {
            matrix.map(|row| {
                row.iter()
                    .zip(vector)
                    .map(|(a, b)| a * b)
                    .sum::<f64>()
                    .max(0.0)
            })
        };
        let [x, y, z] = times(
            [
                [0.4124, 0.3576, 0.1805],
                [0.2126, 0.7152, 0.0722],
                [0.0193, 0.1192, 0.9505],
            ],
            times(seen, light),
        );
        let f = |t: f64| {
            if t > 0.008_856 {
                t.cbrt()
            } else {
                7.787 * t + 16.0 / 116.0
            }
        };
        let (x, y, z) = (f(x / 0.9505), f(y), f(z / 1.089));
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    const EYES: [[[f64; 3]; 3]; 3] = [
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        [
            [0.152_286, 1.052_583, -0.204_868],
            [0.114_503, 0.786_281, 0.099_216],
            [-0.003_882, -0.048_116, 1.051_998],
        ],
        [
            [0.367_322, 0.860_646, -0.227_968],
            [0.280_085, 0.672_501, 0.047_413],
            [-0.011_820, 0.042_940, 0.968_881],
        ],
    ];

    /// The least distance in CIE Lab (1976) of two colours to any of the three kinds of eyes.
    fn distance(one: Rgb, other: Rgb) -> f64 {
        let distances = EYES.map(|seen| {
            let (one, other) = (lab(one, seen), lab(other, seen));
            let squares = one.iter().zip(other).map(|(a, b)| (a - b).powi(2));
            squares.sum::<f64>().sqrt()
        });
        distances.into_iter().fold(f64::INFINITY, f64::min)
    }

    #[test]
    fn every_role_stands_out_from_both_grounds() {
        for theme in [Theme::Light, Theme::Dark] {
            let series = (0..8).map(Colour::Series);
            let roles = series.chain([
                Colour::Quiet,
                Colour::Accent,
                Colour::Truth,
                Colour::Warning,
            ]);
            for role in roles {
                let found = contrast(theme.colour(role), theme.ground());
                assert!(found >= 3.0, "{theme:?} {role:?}: {found:.2}");
            }
            for words in [theme.colour(Colour::Ink), theme.muted()] {
                let found = contrast(words, theme.ground());
                assert!(found >= 7.0, "{theme:?}: {found:.2}");
            }
        }
        // Controls: black on white is 21; Okabe and Ito's own yellow is not seen on white.
        assert!((contrast((0, 0, 0), (255, 255, 255)) - 21.0).abs() < 1e-9);
        assert!(contrast((240, 228, 66), (255, 255, 255)) < 1.5);
    }

    #[test]
    fn four_series_are_told_apart_by_any_eyes_and_eight_by_most() {
        let mut table = String::new();
        for theme in [Theme::Light, Theme::Dark] {
            for one in 0..8 {
                for other in 0..one {
                    let colours = [one, other].map(|index| theme.colour(Colour::Series(index)));
                    let found = distance(colours[0], colours[1]);
                    let asked = if one < 4 { 18.0 } else { 9.0 };
                    if found < asked {
                        table += &format!("{theme:?} {other} {one}: {found:.1}\n");
                    }
                }
            }
        }
        assert!(table.is_empty(), "{table}");
        // The control: a red and a green of one brightness are the same without red or green cones.
        assert!(distance((200, 60, 60), (120, 120, 40)) < 18.0);
    }
}
