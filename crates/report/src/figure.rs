//! What a figure is: panels in rows, axes, and marks in data coordinates.

/// A figure as data: drawn by [`Figure::svg`], [`Figure::png`] and [`Figure::save`], told by [`Figure::outline`].
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// What the figure shows, in a few words; stands above the panels.
    pub title: String,
    /// One sentence for those who cannot see the figure.
    pub description: String,
    /// Number of panels in a row; 0 counts as 1.
    pub columns: usize,
    /// The panels, row by row from the top left.
    pub panels: Vec<Panel>,
    /// Width and height in pixels.
    pub size: (u32, u32),
}

impl Figure {
    /// The size of a figure that nothing else is asked of: a slide.
    pub const SLIDE: (u32, u32) = (1280, 720);

    /// The least width and height that can be drawn, in pixels.
    pub const LEAST: (u32, u32) = (320, 200);

    /// The greatest width, and height, that can be drawn, in pixels.
    pub const GREATEST: u32 = 16_384;

    /// A figure of one slide with one column and without panels.
    pub fn new(title: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            description: description.into(),
            columns: 1,
            panels: Vec::new(),
            size: Self::SLIDE,
        }
    }

    /// The same figure with one more panel.
    #[must_use]
    pub fn with(mut self, panel: Panel) -> Self {
        self.panels.push(panel);
        self
    }
}

/// One pair of axes with what is drawn between them.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// Stands above the panel; may be empty.
    pub title: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// What is drawn, from back to front.
    pub marks: Vec<Mark>,
    /// Width relative to the other panels of its row.
    pub share: f64,
    /// Height relative to the other rows; a row takes the greatest of its panels.
    pub height: f64,
    /// Whether a unit is equally long on both axes, where the ranges are alike enough for an area and not a line.
    pub equal_aspect: bool,
}

impl Panel {
    /// A panel of ordinary size without marks.
    pub fn new(title: impl Into<String>, x: Axis, y: Axis) -> Self {
        Self {
            title: title.into(),
            x,
            y,
            marks: Vec::new(),
            share: 1.0,
            height: 1.0,
            equal_aspect: false,
        }
    }

    /// The same panel with one more mark in front.
    #[must_use]
    pub fn with(mut self, mark: Mark) -> Self {
        self.marks.push(mark);
        self
    }
}

/// One axis of a panel.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Axis {
    /// What the axis measures, with its unit; may be empty.
    pub label: String,
    /// The least and the greatest value shown; what the marks need where there is none.
    pub range: Option<(f64, f64)>,
    /// How values become lengths.
    pub scale: Scale,
    /// Where ticks stand and what they say; chosen by the renderer where there are none.
    pub ticks: Option<Vec<(f64, String)>>,
}

impl Axis {
    /// A linear axis with a label, its range and ticks left to the renderer.
    pub fn new(label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            ..Self::default()
        }
    }

    /// The same axis from `low` to `high`.
    #[must_use]
    pub fn range(mut self, low: f64, high: f64) -> Self {
        self.range = Some((low, high));
        self
    }

    /// The same axis with logarithmic lengths; values that are not positive are left out.
    #[must_use]
    pub fn log(mut self) -> Self {
        self.scale = Scale::Log;
        self
    }

    /// The same axis with chosen ticks.
    #[must_use]
    pub fn ticks(mut self, ticks: Vec<(f64, String)>) -> Self {
        self.ticks = Some(ticks);
        self
    }
}

/// How values become lengths on an axis.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Scale {
    /// Equal differences are equally long.
    #[default]
    Linear,
    /// Equal ratios are equally long.
    Log,
}

/// Something drawn in a panel. A mark with a name stands in the legend; marks of one name and colour share an entry.
#[derive(Debug, Clone, PartialEq)]
pub enum Mark {
    /// A line through points in the order given; it breaks where one is not finite.
    Line {
        /// For the legend; may be empty.
        name: String,
        /// Its colour.
        colour: Colour,
        /// `(x, y)` in data coordinates.
        points: Vec<(f64, f64)>,
        /// Whether it is dashed.
        dashed: bool,
    },
    /// One dot a point.
    Points {
        /// For the legend; may be empty.
        name: String,
        /// Their colour.
        colour: Colour,
        /// `(x, y)` in data coordinates.
        points: Vec<(f64, f64)>,
        /// The radius of a dot in pixels.
        radius: f64,
    },
    /// The area between two lines over the same `x`.
    Band {
        /// For the legend; may be empty.
        name: String,
        /// Its colour, drawn so that what lies behind can be seen.
        colour: Colour,
        /// `(x, y)` of the lower edge from left to right.
        lower: Vec<(f64, f64)>,
        /// `(x, y)` of the upper edge from left to right.
        upper: Vec<(f64, f64)>,
    },
    /// Bars from one value to another.
    Bars {
        /// For the legend; may be empty.
        name: String,
        /// Their colour.
        colour: Colour,
        /// One bar each.
        bars: Vec<Bar>,
        /// Whether they lie: then they stand at a `y` and reach along `x`.
        horizontal: bool,
    },
    /// A straight line across the panel.
    Rule {
        /// For the legend; may be empty.
        label: String,
        /// Its colour.
        colour: Colour,
        /// Where it stands: an `x` if vertical, else a `y`.
        at: f64,
        /// Whether it is vertical.
        vertical: bool,
        /// Whether it is dashed.
        dashed: bool,
    },
    /// A horizontal interval with a point in it: a row of a forest plot.
    Interval {
        /// For the legend; may be empty.
        name: String,
        /// Its colour.
        colour: Colour,
        /// The `y` at which it lies.
        at: f64,
        /// Its left end.
        low: f64,
        /// The point; none is drawn where it is not finite.
        mid: f64,
        /// Its right end.
        high: f64,
        /// Whether it is the thick one of two.
        heavy: bool,
    },
    /// A line that slopes through a point: `y = y0 + slope (x - x0)`, on two logarithmic axes `y = y0 (x / x0)^slope`.
    Slope {
        /// For the legend; may be empty.
        name: String,
        /// Its colour.
        colour: Colour,
        /// The point `(x0, y0)`.
        through: (f64, f64),
        /// The slope.
        slope: f64,
    },
    /// The outline of a circle; an ellipse unless the panel has equal aspect.
    Circle {
        /// For the legend; may be empty.
        name: String,
        /// Its colour.
        colour: Colour,
        /// Its centre in data coordinates.
        centre: (f64, f64),
        /// Its radius in data coordinates.
        radius: f64,
    },
    /// Words beside a point; the renderer moves them where they cover no other words.
    Text {
        /// What stands there.
        text: String,
        /// Its colour.
        colour: Colour,
        /// The point that it belongs to.
        at: (f64, f64),
    },
}

impl Mark {
    /// What the legend calls the mark; empty for words, which speak for themselves.
    pub fn name(&self) -> &str {
        match self {
            Self::Line { name, .. }
            | Self::Points { name, .. }
            | Self::Band { name, .. }
            | Self::Bars { name, .. }
            | Self::Interval { name, .. }
            | Self::Slope { name, .. }
            | Self::Circle { name, .. } => name,
            Self::Rule { label, .. } => label,
            Self::Text { .. } => "",
        }
    }

    /// The role of its colour.
    pub fn colour(&self) -> Colour {
        match self {
            Self::Line { colour, .. }
            | Self::Points { colour, .. }
            | Self::Band { colour, .. }
            | Self::Bars { colour, .. }
            | Self::Rule { colour, .. }
            | Self::Interval { colour, .. }
            | Self::Slope { colour, .. }
            | Self::Circle { colour, .. }
            | Self::Text { colour, .. } => *colour,
        }
    }
}

/// One bar of [`Mark::Bars`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bar {
    /// Its left edge (its lower one, if it lies).
    pub left: f64,
    /// Its right edge (its upper one, if it lies).
    pub right: f64,
    /// The value that it starts from.
    pub from: f64,
    /// The value that it reaches.
    pub to: f64,
}

impl Bar {
    /// A bar about `centre`, `width` wide, from 0 to `to`.
    pub fn about(centre: f64, width: f64, to: f64) -> Self {
        Self {
            left: centre - width / 2.0,
            right: centre + width / 2.0,
            from: 0.0,
            to,
        }
    }
}

/// What a colour is for; a [`Theme`] knows which one that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// One of several series that must be told apart, counted from 0; they repeat from the eighth on.
    Series(usize),
    /// What is there and not talked about: observations, what is left out of a credible set.
    Quiet,
    /// What the figure is about.
    Accent,
    /// What is known to be true.
    Truth,
    /// What went wrong.
    Warning,
    /// Words and axes.
    Ink,
}

/// The ground that a figure is drawn on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Theme {
    /// Dark on white, for pages and bright rooms.
    #[default]
    Light,
    /// Bright on nearly black, for dark pages and rooms.
    Dark,
}
