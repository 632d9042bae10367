//! The widest vector instructions that the processor has, for sums over lanes.

/// A computation that is compiled once for each width.
pub(in super::super) trait Task {
    /// What it comes to.
    type Output;

    /// Computes it. To be `#[inline(always)]`, with all that it calls in its loops: only then does it take on the
    /// instructions of its caller.
    fn run(self) -> Self::Output;
}

/// Runs `task` with the widest vectors at hand. Lanes and the order of operations are the same in all of them, and nothing
/// is contracted, so that the results are the same to the last bit.
pub(in super::super) fn widest<T: Task>(task: T) -> T::Output {
    #[cfg(target_arch = "x86_64")]
    {
        if std::is_x86_feature_detected!("avx512f")
            && std::is_x86_feature_detected!("avx512dq")
            && std::is_x86_feature_detected!("avx512vl")
        {
            // SAFETY: the processor has these instructions.
            #[allow(unsafe_code)]
            return unsafe { with_avx512(task) };
        }
        if std::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has these instructions.
            #[allow(unsafe_code)]
            return unsafe { with_avx2(task) };
        }
    }
    task.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512vl")]
fn with_avx512<T: Task>(task: T) -> T::Output {
    task.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2<T: Task>(task: T) -> T::Output {
    task.run()
}
