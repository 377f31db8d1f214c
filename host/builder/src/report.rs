//! What the worker says on its standard output: the length of the report (four
//! bytes, little-endian), the report as JSON, then the compiled component, if
//! there is one, up to the end.

use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};
use weft_sandbox::{Inspection, Rejection};

const MOST_REPORT_BYTES: u32 = 4 << 20;

/// How a build ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Report {
    /// The compiled component follows.
    Built(Inspection),
    /// The upload can't be used.
    Rejected(Rejection),
    /// There was not enough memory.
    OutOfMemory,
}

impl Report {
    /// Write the report, and the compiled component after it.
    ///
    /// # Errors
    /// The other side is gone.
    pub fn write(&self, compiled: &[u8], mut to: impl Write) -> io::Result<()> {
        let text = serde_json::to_vec(self)?;
        let length = u32::try_from(text.len()).map_err(io::Error::other)?;
        to.write_all(&length.to_le_bytes())?;
        to.write_all(&text)?;
        to.write_all(compiled)?;
        to.flush()
    }

    /// Take the report off the front of `from`; what is left is the component.
    ///
    /// # Errors
    /// It is cut off, or not a report.
    pub fn read(from: &mut &[u8]) -> io::Result<Report> {
        let mut length = [0; 4];
        from.read_exact(&mut length)?;
        let length = u32::from_le_bytes(length).min(MOST_REPORT_BYTES) as usize;
        let text = from.split_off(..length);
        let text = text.ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(serde_json::from_slice(text)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_reads_as_it_was_written_and_leaves_the_component() {
        let mut bytes = Vec::new();
        Report::OutOfMemory.write(b"code", &mut bytes).unwrap();
        let mut rest = bytes.as_slice();
        assert_eq!(Report::read(&mut rest).unwrap(), Report::OutOfMemory);
        assert_eq!(rest, b"code");
        for length in 0..bytes.len() - 4 {
            assert!(Report::read(&mut &bytes[..length]).is_err(), "{length}");
        }
    }
}
