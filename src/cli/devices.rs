//! `switchback devices`: what this machine offers, and why a device is missing.

use serde_json::json;
use switchback::tensor::{OpenDevice, devices};

use super::DONE;
use super::args::DevicesArguments;
use super::failure::Failure;
use super::terminal;

/// Prints one line a device.
pub fn run(arguments: &DevicesArguments) -> Result<u8, Failure> {
    let reports = devices();
    if arguments.json {
        let rows: Vec<_> = reports
            .iter()
            .map(|report| {
                let device = report.device.as_ref();
                json!({
                    "device": report.name.as_str(),
                    "available": device.is_ok(),
                    "precision": device.ok().map(OpenDevice::precision),
                    "detail": device.map_or_else(ToString::to_string, |d| d.detail().to_owned()),
                })
            })
            .collect();
        terminal::print_json(&rows)?;
        return Ok(DONE);
    }
    for report in reports {
        let name = report.name;
        let line = match report.device {
            Ok(device) => format!("{name:<8}  {}  {}\n", device.precision(), device.detail()),
            Err(error) => format!("{name:<8}  -    {error}\n"),
        };
        terminal::print(&line)?;
    }
    Ok(DONE)
}
