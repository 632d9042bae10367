//! Filling a bag: what a recipe brings, where a bag of more than 50 pounds brings nothing.

use serde::Serialize;
use switchback::models::deck::{BAG_LIMIT, Gift, LEAST_ITEMS, Recipe, SampledGifts, recipes};
use switchback::report::{Axis, Colour, Figure, Mark, Panel};

use super::Options;
use super::common::{Checked, Report, grouped};

/// Draws of the search: enough to find the good recipes, not to rank them.
const SEARCH_DRAWS: usize = 2_000;
/// Recipes of the search that are weighed again.
const FINALISTS: usize = 30;
/// Recipes that are shown.
const SHOWN: usize = 8;
/// Cells of the grid up to the limit.
const CELLS: usize = 2_000;
/// First streams of the search and of the final.
const SEARCH_STREAM: u64 = 100;
const FINAL_STREAM: u64 = 200;

/// What a recipe brings.
#[derive(Debug, Serialize)]
struct Finalist {
    recipe: String,
    items: usize,
    mean_weight: f64,
    /// Kept weight in the search, by whose luck it was chosen.
    search: f64,
    /// By new draws, against the convolution.
    kept: Checked,
    /// Share of bags beyond the limit, by draws and by convolution.
    overweight: [f64; 2],
}

pub fn run(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let recipes = recipes(options.num_kinds);
    let search = SampledGifts::new(SEARCH_DRAWS, report.seed(), SEARCH_STREAM);
    let ranked = search.ranked(&recipes);
    let again = SampledGifts::new(options.num_draws, report.seed(), FINAL_STREAM);
    let mut finalists: Vec<Finalist> = ranked
        .iter()
        .take(FINALISTS)
        .map(|(recipe, found)| finalist(recipe, found.mean, &again))
        .collect();
    finalists.sort_by(|a, b| b.kept.truth.total_cmp(&a.kept.truth));
    let sizes: Vec<(usize, f64, usize)> = ranked
        .iter()
        .map(|(recipe, found)| (recipe.n_items(), found.mean, recipe.parts().len()))
        .collect();
    // The first of the ranked ones is the best.
    let single: Vec<Finalist> = Gift::ALL
        .into_iter()
        .filter_map(|gift| {
            let is_of = |recipe: &Recipe| matches!(recipe.parts(), [(only, _)] if *only == gift);
            ranked.iter().find(|(recipe, _)| is_of(recipe))
        })
        .map(|(recipe, found)| finalist(recipe, found.mean, &again))
        .collect();
    report.keep("n_recipes", &recipes.len())?;
    report.keep("bags_of_one_kind", &single)?;
    report.keep("bags", &finalists)?;
    report.figure("bags", &by_size(&sizes, options.num_kinds))?;
    tell(&finalists, &single, recipes.len(), options, report);
    Ok(())
}

fn finalist(recipe: &Recipe, search: f64, again: &SampledGifts) -> Finalist {
    let (kept, grid) = (again.kept(recipe), recipe.grid(CELLS));
    Finalist {
        recipe: recipe.to_string(),
        items: recipe.n_items(),
        mean_weight: recipe.mean_weight(),
        search,
        kept: Checked {
            estimate: kept.mean,
            mcse: kept.mcse,
            truth: grid.kept_weight(),
        },
        overweight: [kept.overweight, grid.overweight()],
    }
}

/// Best kept weight by number of gifts, and exact curves of bags of one kind.
fn by_size(sizes: &[(usize, f64, usize)], most_kinds: usize) -> Figure {
    let most_items = sizes.iter().map(|size| size.0).max().unwrap_or(LEAST_ITEMS);
    let mut panel = Panel::new(
        "",
        Axis::new("gifts in the bag"),
        Axis::new("expected kept weight (pounds)").range(0.0, BAG_LIMIT),
    );
    for kinds in 1..=most_kinds {
        let best = (LEAST_ITEMS..=most_items).filter_map(|items| {
            let of_size = sizes
                .iter()
                .filter(|size| size.0 == items && size.2 <= kinds);
            let best = of_size.map(|size| size.1).max_by(f64::total_cmp)?;
            Some((items as f64, best))
        });
        panel = panel.with(Mark::Line {
            name: match kinds {
                1 => "best of one kind".to_owned(),
                _ => format!("best of up to {kinds} kinds"),
            },
            colour: Colour::Series(kinds - 1),
            points: best.collect(),
            dashed: false,
        });
    }
    let single = [
        (Gift::Horse, "horses alone, exactly"),
        (Gift::Doll, "dolls alone, exactly"),
        (Gift::Book, "books alone, exactly"),
    ];
    for (number, (gift, name)) in single.into_iter().enumerate() {
        let exact = (LEAST_ITEMS..=most_items).map(|n| {
            let grid = Recipe::new(vec![(gift, n)]).grid(CELLS);
            (n as f64, grid.kept_weight())
        });
        panel = panel.with(Mark::Line {
            name: name.to_owned(),
            colour: Colour::Series(3 + number),
            points: exact.collect(),
            dashed: true,
        });
    }
    Figure::new(
        "One gift too many costs more than one too few",
        "Expected kept weight of a bag against the number of gifts in it, for the best recipes and for three gifts alone.",
    )
    .with(panel)
}

fn tell(
    finalists: &[Finalist],
    single: &[Finalist],
    n_recipes: usize,
    options: &Options,
    report: &mut Report,
) {
    report.heading("Filling a bag");
    report.say(format!(
        "A bag of more than {BAG_LIMIT} pounds is confiscated and brings nothing; it must hold {LEAST_ITEMS} gifts at least. All \
         {} recipes of up to {} kinds were weighed by {} draws each, the best {FINALISTS} again by {} new draws, and by \
         convolution of their laws on a grid:",
        grouped(n_recipes as f64, 0),
        options.num_kinds,
        grouped(SEARCH_DRAWS as f64, 0),
        grouped(options.num_draws as f64, 0),
    ));
    let shown = &finalists[..finalists.len().min(SHOWN)];
    report.table(&HEADER, &cells(shown));
    let luck = finalists.iter().map(|f| f.search - f.kept.truth);
    let luck = luck.sum::<f64>() / finalists.len() as f64;
    if let Some(best) = finalists.first() {
        report.say(format!(
            "The best bag is {}: {:.2} pounds expected, of a mean weight of {:.1}. The search flatters its finalists by \
             {luck:.2} pounds on average, for it chose them by their luck: what was selected must be measured again. The \
             best bags of one kind:",
            best.recipe, best.kept.truth, best.mean_weight,
        ));
    }
    report.table(&HEADER, &cells(single));
    report.say(
        "What is known well fills a bag best. Balls, of which hardly one weighs three pounds, come within five pounds of the \
         limit; books weigh two pounds on average too, and leave seventeen. What is not kept is the price of uncertainty. \
         (Three bikes or three coals weigh more than 50 pounds on average, and are left out.)",
    );
}

/// The columns of a table of recipes.
const HEADER: [&str; 8] = [
    "recipe",
    "mean",
    "search",
    "kept",
    "mcse",
    "grid",
    "errors off",
    "too heavy",
];

fn cells(finalists: &[Finalist]) -> Vec<Vec<String>> {
    finalists
        .iter()
        .map(|finalist| {
            let [kept, mcse, grid, z] = finalist.kept.cells(3);
            vec![
                finalist.recipe.clone(),
                format!("{:.1}", finalist.mean_weight),
                format!("{:.2}", finalist.search),
                kept,
                mcse,
                grid,
                z,
                format!("{:.1} %", 100.0 * finalist.overweight[1]),
            ]
        })
        .collect()
}
