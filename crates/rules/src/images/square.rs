//! A plain square as a PNG file: 16 by 16 dots of one colour, without compression.

const SIDE: u8 = 16;

/// The file.
pub fn png(color: [u8; 3]) -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    // Eight bits per channel, three channels, no interlace.
    chunk(
        &mut file,
        *b"IHDR",
        &[0, 0, 0, SIDE, 0, 0, 0, SIDE, 8, 2, 0, 0, 0],
    );
    // Each line says first how it is filtered: not at all.
    let mut line = vec![0];
    line.extend(color.repeat(usize::from(SIDE)));
    let dots = line.repeat(usize::from(SIDE));
    let length = dots.len() as u16;
    let mut packed = vec![0x78, 0x01, 0x01];
    packed.extend(length.to_le_bytes());
    packed.extend((!length).to_le_bytes());
    packed.extend(&dots);
    packed.extend(adler(&dots).to_be_bytes());
    chunk(&mut file, *b"IDAT", &packed);
    chunk(&mut file, *b"IEND", &[]);
    file
}

fn chunk(file: &mut Vec<u8>, name: [u8; 4], data: &[u8]) {
    file.extend((data.len() as u32).to_be_bytes());
    let from = file.len();
    file.extend(name);
    file.extend(data);
    let sum = crc(&file[from..]);
    file.extend(sum.to_be_bytes());
}

/// CRC-32 as PNG has it.
fn crc(bytes: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for byte in bytes {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 {
                (sum >> 1) ^ 0xedb8_8320
            } else {
                sum >> 1
            };
        }
    }
    !sum
}

/// Adler-32 as zlib has it.
fn adler(bytes: &[u8]) -> u32 {
    let (mut low, mut high) = (1_u32, 0_u32);
    for byte in bytes {
        low = (low + u32::from(*byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    (high << 16) | low
}

#[cfg(test)]
mod tests {
    use super::{adler, crc, png};

    #[test]
    fn sums_as_their_standards_give_them() {
        assert_eq!(crc(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc(b"IEND"), 0xae42_6082);
        assert_eq!(adler(b"Wikipedia"), 0x11e6_0398);
    }

    #[test]
    fn a_file_has_its_three_chunks() {
        let file = png([1, 2, 3]);
        assert!(file.starts_with(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"));
        assert!(file.ends_with(b"IEND\xae\x42\x60\x82"));
        assert_eq!(file.len(), 8 + 25 + 12 + 2 + 5 + 16 * 49 + 4 + 12);
    }
}
