//! Random streams: one a chain, from one seed.

use rand::SeedableRng;

/// The generator of one chain.
pub type ChainRng = rand_chacha::ChaCha8Rng;

/// Stream number `stream` of `seed`: the same pair gives the same numbers, two streams share none.
pub fn stream(seed: u64, stream: u64) -> ChainRng {
    let mut rng = ChainRng::seed_from_u64(seed);
    rng.set_stream(stream);
    rng
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    fn first(seed: u64, number: u64) -> Vec<u64> {
        let mut rng = stream(seed, number);
        (0..8).map(|_| rng.next_u64()).collect()
    }

    #[test]
    fn a_stream_repeats_and_its_neighbours_differ() {
        assert_eq!(first(7, 0), first(7, 0));
        assert_ne!(first(7, 0), first(7, 1));
        assert_ne!(first(7, 0), first(8, 0));
    }
}
