//! The devices that tensors can live on, opened by name at run time.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use burn::tensor::{DType, Device, Tensor, TensorData, activation};

/// A kind of device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceName {
    /// The processor, through burn-flex; double precision.
    Flex,
    /// The processor, through burn-ndarray; double precision.
    NdArray,
    /// The graphics processor, through wgpu; single precision.
    Wgpu,
}

/// Why a device cannot be used.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// There is no device of that name.
    #[error("there is no device {name:?}; the devices are ndarray, flex and wgpu")]
    Unknown {
        /// The name.
        name: String,
    },
    /// The machine does not offer it.
    #[error("the device {name} is not available: {reason}")]
    Unavailable {
        /// The device.
        name: DeviceName,
        /// Why, and what would help.
        reason: String,
    },
}

impl DeviceName {
    /// All devices, the default first.
    pub const ALL: [Self; 3] = [Self::Flex, Self::NdArray, Self::Wgpu];

    /// The word used on the command line, in files and in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Flex => "flex",
            Self::NdArray => "ndarray",
            Self::Wgpu => "wgpu",
        }
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for DeviceName {
    type Err = DeviceError;

    fn from_str(name: &str) -> Result<Self, DeviceError> {
        Self::ALL
            .into_iter()
            .find(|device| device.as_str() == name)
            .ok_or_else(|| DeviceError::Unknown {
                name: name.to_owned(),
            })
    }
}

/// A device that is ready for tensors.
#[derive(Debug, Clone)]
pub struct OpenDevice {
    name: DeviceName,
    detail: String,
    device: Device,
    dtype: DType,
}

impl OpenDevice {
    /// Opens the device `name`.
    ///
    /// # Errors
    /// When this machine does not offer it.
    pub fn open(name: DeviceName) -> Result<Self, DeviceError> {
        let (device, detail) = match name {
            DeviceName::Flex => (Device::flex(), processor()),
            DeviceName::NdArray => (ndarray(), processor()),
            DeviceName::Wgpu => wgpu()?,
        };
        let dtype = match name {
            DeviceName::Flex | DeviceName::NdArray => DType::F64,
            DeviceName::Wgpu => DType::F32,
        };
        Ok(Self {
            name,
            detail,
            device: device.autodiff(),
            dtype,
        })
    }

    /// Its name.
    pub fn name(&self) -> DeviceName {
        self.name
    }

    /// What stands behind the name: the processor, or the graphics adapter and its driver.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// `f64` or `f32`: the precision in which it computes.
    pub fn precision(&self) -> &'static str {
        if self.dtype == DType::F64 {
            "f64"
        } else {
            "f32"
        }
    }

    /// The sigmoid, in the device's relative precision: 0, or nearly, or 1 where its argument is large, and never `inf / inf`.
    pub(crate) fn sigmoid<const D: usize>(&self, tensor: Tensor<D>) -> Tensor<D> {
        match self.name {
            DeviceName::Flex | DeviceName::Wgpu => activation::sigmoid(tensor),
            // burn-ndarray's own goes through single precision. A mask keeps a NaN, which its clamp may not.
            DeviceName::NdArray => {
                let turned = tensor.neg();
                let is_far = turned.clone().greater_scalar(FAR);
                turned.mask_fill(is_far, FAR).exp().add_scalar(1.0).recip()
            }
        }
    }

    /// Uploads `values` (row-major) in the device's precision.
    pub(crate) fn upload<const D: usize>(&self, values: Vec<f64>, shape: [usize; D]) -> Tensor<D> {
        Tensor::from_data(TensorData::new(values, shape), self.options())
    }

    /// The device with its float type, for a tensor that takes part in differentiation.
    fn options(&self) -> (&Device, DType) {
        (&self.device, self.dtype)
    }
}

/// An argument whose exponential is still a number in double precision.
const FAR: f64 = 700.0;

/// What this machine says of a device.
#[derive(Debug, Clone)]
pub struct DeviceReport {
    /// The device.
    pub name: DeviceName,
    /// The open device, or why there is none.
    pub device: Result<OpenDevice, DeviceError>,
}

/// What this machine offers, device by device.
pub fn devices() -> Vec<DeviceReport> {
    DeviceName::ALL
        .into_iter()
        .map(|name| DeviceReport {
            name,
            device: OpenDevice::open(name),
        })
        .collect()
}

fn processor() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let plural = if cores == 1 { "" } else { "s" };
    format!("{} processor, {cores} core{plural}", std::env::consts::ARCH)
}

/// burn calls its ndarray backend deprecated in favour of flex; it stays offered as a second opinion.
#[expect(deprecated)]
fn ndarray() -> Device {
    Device::ndarray()
}

/// The graphics device of this process: burn's runtime is set up once and shared.
fn wgpu() -> Result<(Device, String), DeviceError> {
    static OPENED: OnceLock<Result<(Device, String), DeviceError>> = OnceLock::new();
    OPENED.get_or_init(open_wgpu).clone()
}

fn open_wgpu() -> Result<(Device, String), DeviceError> {
    let (device, setup) =
        Device::wgpu_options()
            .init_with_setup()
            .map_err(|error| DeviceError::Unavailable {
                name: DeviceName::Wgpu,
                reason: format!(
                    "{error} (it needs a Vulkan, Metal or DirectX 12 driver; without a graphics \
                     card, Mesa's software Vulkan does: apt-get install libvulkan1 mesa-vulkan-drivers)"
                ),
            })?;
    let info = setup.adapter.get_info();
    let driver = [info.driver, info.driver_info].join(" ");
    Ok((
        device,
        format!("{} ({:?}, {})", info.name, info.backend, driver.trim()),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_and_no_other() {
        for name in DeviceName::ALL {
            assert_eq!(name.as_str().parse::<DeviceName>().ok(), Some(name));
        }
        let unknown = "tpu"
            .parse::<DeviceName>()
            .map_err(|error| error.to_string());
        assert!(unknown.is_err_and(|error| error.contains("ndarray, flex and wgpu")));
    }

    #[test]
    fn sigmoids_keep_their_digits_far_from_the_middle_and_a_nan_stays() {
        for name in [DeviceName::Flex, DeviceName::NdArray] {
            let device = OpenDevice::open(name).expect("every machine has a processor");
            let numbers = vec![-1e9, -800.0, -600.0, -30.0, 0.0, 1.5, 40.0, 1e9, f64::NAN];
            let v = device
                .upload(numbers.clone(), [1, numbers.len()])
                .require_grad();
            let value = device.sigmoid(v.clone());
            let gradients = value.backward();
            let slopes = v.grad(&gradients).expect("it takes part").into_data();
            let values = value.into_data();
            let found = values.iter::<f64>().zip(slopes.iter::<f64>());
            for (v, (value, slope)) in numbers.into_iter().zip(found) {
                if v.is_nan() {
                    assert!(value.is_nan(), "{name}");
                    continue;
                }
                let near = |found: f64, truth: f64| (found - truth).abs() <= 2e-15 * truth + 1e-300;
                let e = (-f64::abs(v)).exp();
                let truth = if v < 0.0 {
                    e / (1.0 + e)
                } else {
                    1.0 / (1.0 + e)
                };
                assert!(near(value, truth), "{name}, {v}: {value:e}");
                let truth = e / (1.0 + e) / (1.0 + e);
                assert!((slope - truth).abs() < 1e-15, "{name}, {v}: {slope:e}");
            }
        }
    }

    #[test]
    fn the_processor_is_always_there_in_double_precision() {
        for name in [DeviceName::Flex, DeviceName::NdArray] {
            let device = OpenDevice::open(name).expect("every machine has a processor");
            assert_eq!(device.precision(), "f64");
        }
    }
}
