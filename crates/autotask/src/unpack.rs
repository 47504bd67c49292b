//! Bodies that are gzip, told by their first bytes: one client says so of plain JSON, so that the header means
//! nothing. Must not know what is inside.

use bitting_dialects::autotask::error::Refusal;
use flate2::read::GzDecoder;
use std::borrow::Cow;
use std::io::Read as _;

/// First bytes of whatever is gzip. No JSON begins so.
const MAGIC: [u8; 2] = [0x1f, 0x8b];
/// Most bytes that a body unpacks to: a small one can hold very many.
const MOST: u64 = 32 << 20;

/// The body as it was before it was packed, if it was.
pub fn unpacked(bytes: &[u8]) -> Result<Cow<'_, [u8]>, Refusal> {
    if !bytes.starts_with(&MAGIC) {
        return Ok(Cow::Borrowed(bytes));
    }
    let mut out = Vec::new();
    GzDecoder::new(bytes)
        .take(MOST + 1)
        .read_to_end(&mut out)
        .map_err(|error| Refusal::new(format!("The body is not valid gzip: {error}")))?;
    if out.len() as u64 > MOST {
        return Err(Refusal::new("The body is too large."));
    }
    Ok(Cow::Owned(out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write as _;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut out = GzEncoder::new(Vec::new(), Compression::fast());
        out.write_all(bytes).ok();
        out.finish().unwrap_or_default()
    }

    #[test]
    fn plain_bodies_stay_and_packed_ones_are_unpacked() {
        let json = br#"{"filter":[]}"#;
        let (plain, gzip) = (unpacked(json), packed(json));
        assert_eq!(plain.as_deref(), Ok(&json[..]));
        assert_eq!(unpacked(&gzip).as_deref(), Ok(&json[..]));
        assert!(unpacked(&gzip[..gzip.len() / 2]).is_err(), "broken off");
        assert!(unpacked(&[0x1f, 0x8b, 0xff]).is_err());
    }

    #[test]
    fn a_little_that_holds_too_much_is_refused() {
        let bomb = packed(&vec![b' '; usize::try_from(MOST).unwrap_or(0) + 1]);
        assert!(bomb.len() < 1 << 20);
        assert!(unpacked(&bomb).is_err());
    }
}
