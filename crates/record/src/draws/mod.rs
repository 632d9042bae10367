//! Draws on the disk: written while they are drawn, as ArviZ's Zarr or CmdStan's CSV, and read back one quantity at a
//! time.

mod cmdstan;
mod column;
mod file;
mod folder;
mod info;
mod stored;
mod zarr;

pub use file::DrawsFile;
pub use info::{CmdStanInfo, DrawsInfo};
pub use stored::{StoredDraws, draws_in};
