//! Plain values as bytes and back. Must not know what they mean.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// A value that can be packed. Unpacking answers nothing for bytes that nobody packed.
pub(super) trait Pack: Sized {
    fn pack(&self, out: &mut Writer);
    fn unpack(from: &mut Reader) -> Option<Self>;
}

/// Takes values in.
#[derive(Default)]
pub(super) struct Writer {
    bytes: Vec<u8>,
    texts: Vec<Arc<str>>,
    known: HashMap<Arc<str>, usize>,
    /// Where each value that several others hold came first, by its address.
    shared: HashMap<usize, usize>,
}

impl Writer {
    /// The table of texts, and the values behind it.
    pub fn finish(self) -> Vec<u8> {
        let mut out = Writer::default();
        out.number(self.texts.len() as u64);
        for text in &self.texts {
            out.text(text);
        }
        out.bytes.extend(self.bytes);
        out.bytes
    }

    /// Seven bits a byte, lowest first; the eighth says that there are more.
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// A value that others hold too: itself where it comes first, from then on its place among such values.
    pub fn shared<T: Pack>(&mut self, value: &Arc<T>) {
        let address = Arc::as_ptr(value).addr();
        if let Some(place) = self.shared.get(&address) {
            return self.number(*place as u64 + 1);
        }
        self.number(0);
        value.pack(self);
        self.shared.insert(address, self.shared.len());
    }
}

/// Gives values out.
pub(super) struct Reader<'b> {
    bytes: &'b [u8],
    texts: Vec<Arc<str>>,
    /// Values that several others hold, in the order in which they came first.
    pub shared: Vec<Shared>,
}

/// What is held by several others.
#[derive(Clone)]
pub(super) enum Shared {
    Reference(Arc<crate::entity::Reference>),
    Picklist(Arc<crate::served::Picklist>),
}

impl<'b> Reader<'b> {
    pub fn new(bytes: &'b [u8]) -> Option<Self> {
        let mut reader = Self {
            bytes,
            texts: Vec::new(),
            shared: Vec::new(),
        };
        let count = reader.length()?;
        reader.texts.reserve_exact(count);
        for _ in 0..count {
            let text = Arc::from(reader.text()?);
            reader.texts.push(text);
        }
        Some(reader)
    }

    pub fn is_at_end(&self) -> bool {
        self.bytes.is_empty()
    }

    pub fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let (byte, rest) = self.bytes.split_first()?;
            self.bytes = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// How many follow: each takes a byte at least, so no length asks for more memory than there are bytes.
    fn length(&mut self) -> Option<usize> {
        let length = usize::try_from(self.number()?).ok()?;
        (length <= self.bytes.len()).then_some(length)
    }

    fn text(&mut self) -> Option<&'b str> {
        let length = self.length()?;
        let (text, rest) = self.bytes.split_at(length);
        self.bytes = rest;
        std::str::from_utf8(text).ok()
    }
}

impl Pack for usize {
    fn pack(&self, out: &mut Writer) {
        out.number(*self as u64);
    }
    fn unpack(from: &mut Reader) -> Option<Self> {
        Self::try_from(from.number()?).ok()
    }
}

impl Pack for u32 {
    fn pack(&self, out: &mut Writer) {
        out.number(u64::from(*self));
    }
    fn unpack(from: &mut Reader) -> Option<Self> {
        Self::try_from(from.number()?).ok()
    }
}

impl Pack for u16 {
    fn pack(&self, out: &mut Writer) {
        out.number(u64::from(*self));
    }
    fn unpack(from: &mut Reader) -> Option<Self> {
        Self::try_from(from.number()?).ok()
    }
}

impl Pack for i64 {
    fn pack(&self, out: &mut Writer) {
        out.number(self.cast_unsigned());
    }
    fn unpack(from: &mut Reader) -> Option<Self> {
        Some(from.number()?.cast_signed())
    }
}

impl Pack for f64 {
    fn pack(&self, out: &mut Writer) {
        out.number(self.to_bits());
    }
    fn unpack(from: &mut Reader) -> Option<Self> {
        Some(f64::from_bits(from.number()?))
    }
}

impl Pack for bool {
    fn pack(&self, out: &mut Writer) {
        out.number(u64::from(*self));
    }
    fn unpack(from: &mut Reader) -> Option<Self> {
        match from.number()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

/// Kept by its owner alone.
impl Pack for String {
    fn pack(&self, out: &mut Writer) {
        out.text(self);
    }
    fn unpack(from: &mut Reader) -> Option<Self> {
        from.text().map(str::to_owned)
    }
}

/// Kept once, however many name it.
impl Pack for Arc<str> {
    fn pack(&self, out: &mut Writer) {
        let place = out.known.get(self).copied().unwrap_or_else(|| {
            out.texts.push(self.clone());
            out.known.insert(self.clone(), out.texts.len() - 1);
            out.texts.len() - 1
        });
        out.number(place as u64);
    }
    fn unpack(from: &mut Reader) -> Option<Self> {
        let place = usize::unpack(from)?;
        from.texts.get(place).cloned()
    }
}

impl<T: Pack> Pack for Option<T> {
    fn pack(&self, out: &mut Writer) {
        self.is_some().pack(out);
        if let Some(value) = self {
            value.pack(out);
        }
    }
    fn unpack(from: &mut Reader) -> Option<Self> {
        Some(if bool::unpack(from)? {
            Some(T::unpack(from)?)
        } else {
            None
        })
    }
}

impl<T: Pack> Pack for Box<T> {
    fn pack(&self, out: &mut Writer) {
        (**self).pack(out);
    }
    fn unpack(from: &mut Reader) -> Option<Self> {
        T::unpack(from).map(Box::new)
    }
}

impl<T: Pack> Pack for Vec<T> {
    fn pack(&self, out: &mut Writer) {
        out.number(self.len() as u64);
        for value in self {
            value.pack(out);
        }
    }
    fn unpack(from: &mut Reader) -> Option<Self> {
        let count = from.length()?;
        // No more room than is taken: what is unpacked stays for as long as the server does.
        let mut values = Vec::with_capacity(count);
        for _ in 0..count {
            values.push(T::unpack(from)?);
        }
        Some(values)
    }
}

impl<A: Pack, B: Pack> Pack for (A, B) {
    fn pack(&self, out: &mut Writer) {
        self.0.pack(out);
        self.1.pack(out);
    }
    fn unpack(from: &mut Reader) -> Option<Self> {
        Some((A::unpack(from)?, B::unpack(from)?))
    }
}

impl<K: Pack + Ord, V: Pack> Pack for BTreeMap<K, V> {
    fn pack(&self, out: &mut Writer) {
        out.number(self.len() as u64);
        for (key, value) in self {
            key.pack(out);
            value.pack(out);
        }
    }
    fn unpack(from: &mut Reader) -> Option<Self> {
        let count = from.length()?;
        (0..count)
            .map(|_| <(K, V)>::unpack(from))
            .collect::<Option<_>>()
    }
}
