//! What a bag of gifts can be expected to bring, where a bag beyond the limit brings nothing.

use std::fmt;

use rayon::prelude::*;
use switchback_core::stream;

use super::gifts::Gift;
use super::weight_grid::WeightGrid;

/// Greatest weight of a bag, in pounds.
pub const BAG_LIMIT: f64 = 50.0;
/// Least number of gifts in a bag.
pub const LEAST_ITEMS: usize = 3;

/// How many of which gifts go into a bag.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Recipe(Vec<(Gift, usize)>);

impl Recipe {
    /// The recipe of `parts`, each a gift and how many of it.
    pub fn new(parts: Vec<(Gift, usize)>) -> Self {
        Self(parts)
    }

    /// Its parts.
    pub fn parts(&self) -> &[(Gift, usize)] {
        &self.0
    }

    /// Number of gifts.
    pub fn n_items(&self) -> usize {
        self.0.iter().map(|(_, count)| count).sum()
    }

    /// Expected weight of its gifts, in pounds.
    pub fn mean_weight(&self) -> f64 {
        let parts = self.0.iter();
        parts
            .map(|(gift, n)| gift.weight().mean() * *n as f64)
            .sum()
    }

    /// The law of its weight up to [`BAG_LIMIT`], by convolution on a grid of `n_cells`.
    pub fn grid(&self, n_cells: usize) -> WeightGrid {
        let empty = WeightGrid::empty(BAG_LIMIT, n_cells);
        self.0.iter().fold(empty, |sum, (gift, count)| {
            sum.plus(&WeightGrid::of(gift.weight(), BAG_LIMIT, n_cells).times(*count))
        })
    }
}

impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (gift, count)) in self.0.iter().enumerate() {
            let plus = if i == 0 { "" } else { " + " };
            write!(f, "{plus}{count} {gift}")?;
        }
        Ok(())
    }
}

/// Every recipe of at most `most_types` kinds of gift and at least [`LEAST_ITEMS`] gifts whose expected weight is at most
/// [`BAG_LIMIT`]. The heavier ones fail more often than not.
pub fn recipes(most_types: usize) -> Vec<Recipe> {
    let mut found = Vec::new();
    extend(
        &mut found,
        &mut Vec::new(),
        &Gift::ALL,
        most_types,
        BAG_LIMIT,
    );
    found
}

/// Adds to `found` all recipes that add gifts of `kinds` to `parts`, at most `types` kinds and `room` pounds of them.
fn extend(
    found: &mut Vec<Recipe>,
    parts: &mut Vec<(Gift, usize)>,
    kinds: &[Gift],
    types: usize,
    room: f64,
) {
    if types == 0 {
        return;
    }
    for (i, gift) in kinds.iter().enumerate() {
        let mean = gift.weight().mean();
        let most = (room / mean) as usize;
        for count in 1..=most {
            parts.push((*gift, count));
            let recipe = Recipe(parts.clone());
            if recipe.n_items() >= LEAST_ITEMS {
                found.push(recipe);
            }
            let room = room - mean * count as f64;
            extend(found, parts, &kinds[i + 1..], types - 1, room);
            parts.pop();
        }
    }
}

/// Draws of gifts from which any recipe is weighed: the same draws for all, so that what differs is the recipe.
#[derive(Debug, Clone)]
pub struct SampledGifts {
    n_draws: usize,
    /// For each gift of [`Gift::ALL`] and each count from 0 on: the weight of so many of it in every draw.
    sums: Vec<Vec<Vec<f64>>>,
}

/// What a recipe was found to bring.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KeptWeight {
    /// Mean kept weight, in pounds.
    pub mean: f64,
    /// Its Monte Carlo standard error.
    pub mcse: f64,
    /// Share of bags beyond the limit.
    pub overweight: f64,
}

impl SampledGifts {
    /// `n_draws` draws of as many of every gift as fit into a bag by their expected weight. Each kind has a random stream
    /// of its own, from `first_stream` on.
    pub fn new(n_draws: usize, seed: u64, first_stream: u64) -> Self {
        let sums = Gift::ALL
            .par_iter()
            .enumerate()
            .map(|(number, gift)| {
                let law = gift.weight();
                let mut rng = stream(seed, first_stream + number as u64);
                let mut sums = vec![vec![0.0; n_draws]];
                let most = (BAG_LIMIT / law.mean()) as usize;
                for count in 0..most {
                    let next = sums[count].iter().map(|sum| sum + law.draw(&mut rng));
                    sums.push(next.collect());
                }
                sums
            })
            .collect();
        Self { n_draws, sums }
    }

    /// What `recipe` brings in these draws; `NaN` where it has more of a gift than was drawn.
    pub fn kept(&self, recipe: &Recipe) -> KeptWeight {
        let mut weights = vec![0.0; self.n_draws];
        for (gift, count) in recipe.parts() {
            match self.sums[*gift as usize].get(*count) {
                Some(sums) => weights.iter_mut().zip(sums).for_each(|(w, sum)| *w += sum),
                None => weights.fill(f64::NAN),
            }
        }
        let (mut first, mut second, mut over) = (0.0, 0.0, 0_usize);
        for weight in weights {
            if weight > BAG_LIMIT {
                over += 1;
            } else {
                first += weight;
                second += weight * weight;
            }
        }
        let n = self.n_draws as f64;
        let mean = first / n;
        KeptWeight {
            mean,
            mcse: ((second / n - mean * mean) / (n - 1.0)).sqrt(),
            overweight: over as f64 / n,
        }
    }

    /// `recipes` with what each brings, the best first.
    pub fn ranked<'a>(&self, recipes: &'a [Recipe]) -> Vec<(&'a Recipe, KeptWeight)> {
        let mut ranked: Vec<_> = recipes
            .par_iter()
            .map(|recipe| (recipe, self.kept(recipe)))
            .collect();
        ranked.sort_by(|a, b| b.1.mean.total_cmp(&a.1.mean));
        ranked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe(parts: &[(Gift, usize)]) -> Recipe {
        Recipe::new(parts.to_vec())
    }

    #[test]
    fn recipes_are_all_that_fit_and_each_is_there_once() {
        let found = recipes(2);
        let unique: std::collections::HashSet<_> = found.iter().collect();
        assert_eq!(unique.len(), found.len());
        for recipe in &found {
            assert!(recipe.n_items() >= LEAST_ITEMS && recipe.mean_weight() <= BAG_LIMIT);
            assert!((1..=2).contains(&recipe.parts().len()));
        }
        // By hand: coal weighs 23.5, so two of it and one of what weighs at most 3: ball, book and gloves.
        let with_two_coals = found
            .iter()
            .filter(|r| r.parts().contains(&(Gift::Coal, 2)));
        // One or (at 1.4 pounds) two gloves.
        assert_eq!(with_two_coals.count(), 4);
        assert_eq!(recipes(0), []);
    }

    /// Over seeds 1 to 200 no check failed, the controls included.
    #[test]
    fn draws_and_convolution_agree() {
        let sampled = SampledGifts::new(20_000, 1, 0);
        for recipe in [
            recipe(&[(Gift::Doll, 8)]),
            recipe(&[(Gift::Horse, 4), (Gift::Book, 9)]),
            recipe(&[(Gift::Bike, 1), (Gift::Coal, 1), (Gift::Gloves, 2)]),
        ] {
            let kept = sampled.kept(&recipe);
            let grid = recipe.grid(1_000);
            let z = (kept.mean - grid.kept_weight()) / kept.mcse;
            assert!(z.abs() < 5.0, "{recipe}: {kept:?} {}", grid.kept_weight());
            assert!((kept.overweight - grid.overweight()).abs() < 0.02);
            // The control: one more horse makes a bag that is told apart.
            let mut more = recipe.clone();
            more.0.push((Gift::Horse, 1));
            let other = more.grid(1_000).kept_weight();
            assert!(
                ((kept.mean - other) / kept.mcse).abs() > 5.0,
                "{more}: {other}"
            );
        }
    }

    #[test]
    fn the_ranking_begins_with_the_best() {
        let sampled = SampledGifts::new(500, 2, 0);
        let recipes = recipes(1);
        let ranked = sampled.ranked(&recipes);
        assert_eq!(ranked.len(), recipes.len());
        assert!(
            ranked
                .windows(2)
                .all(|pair| pair[0].1.mean >= pair[1].1.mean)
        );
        assert_eq!(ranked[0].0.to_string().split(' ').count(), 2);
        let too_many = recipe(&[(Gift::Coal, 30)]);
        assert!(sampled.kept(&too_many).mean.is_nan());
    }
}
