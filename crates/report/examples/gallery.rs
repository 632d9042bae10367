//! One of each figure with made-up data: `cargo run --release -p switchback-report --example gallery FOLDER`.

#[path = "gallery/figures.rs"]
mod figures;

use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os()
        .nth(1)
        .ok_or("give the folder to write to")?;
    let folder = PathBuf::from(folder);
    std::fs::create_dir_all(&folder)?;
    for (name, figure) in figures::figures() {
        figure.save(&folder, name)?;
        std::fs::write(folder.join(name).with_extension("txt"), figure.outline())?;
    }
    Ok(())
}
