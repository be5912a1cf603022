//! Protobuf on the wire: reading a message's fields in place, writing fields.
//!
//! Source: the Protobuf encoding guide. A message is read without building it,
//! so a few bytes of input never become a large value in memory. Groups, which
//! proto3 has not, are refused.

/// What is wrong with bytes that should be a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A value is longer than the message that holds it.
    #[error("ends in the middle of a field")]
    Truncated,
    /// A variable-length integer does not fit into 64 bits.
    #[error("has an integer of more than 64 bits")]
    Varint,
    /// A field number is zero or too large.
    #[error("has an impossible field number")]
    Number,
    /// A wire type that proto3 does not use.
    #[error("has a field of unknown wire type {0}")]
    WireType(u8),
}

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// Wire type 0.
    Varint(u64),
    /// Wire type 1.
    Fixed64(u64),
    /// Wire type 2: bytes, a string or a message.
    Bytes(&'a [u8]),
    /// Wire type 5.
    Fixed32(u32),
}

/// A field of a message.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    /// Its number.
    pub number: u32,
    /// Its value.
    pub value: Value<'a>,
    /// The whole field as encoded, with its tag.
    pub encoded: &'a [u8],
}

/// The fields of an encoded message, in order; ends after the first fault.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    /// The fields of `message`.
    pub fn new(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    fn read(&mut self) -> Result<Field<'a>, Fault> {
        let start = self.rest;
        let tag = self.varint()?;
        let number = u32::try_from(tag >> 3).map_err(|_| Fault::Number)?;
        if number == 0 || number >= 1 << 29 {
            return Err(Fault::Number);
        }
        let value = match tag & 7 {
            0 => Value::Varint(self.varint()?),
            1 => Value::Fixed64(u64::from_le_bytes(*self.array()?)),
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| Fault::Truncated)?;
                Value::Bytes(self.take(length)?)
            }
            5 => Value::Fixed32(u32::from_le_bytes(*self.array()?)),
            #[allow(clippy::cast_possible_truncation, reason = "three bits")]
            other => return Err(Fault::WireType(other as u8)),
        };
        let encoded = start.get(..start.len() - self.rest.len()).unwrap_or_default();
        Ok(Field { number, value, encoded })
    }

    fn varint(&mut self) -> Result<u64, Fault> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.rest.split_first().ok_or(Fault::Truncated)?;
            self.rest = rest;
            if shift == 63 && byte > 1 {
                return Err(Fault::Varint);
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Fault::Varint)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Fault> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Fault::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], Fault> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(Fault::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.read();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

/// Appends an integer of variable length.
pub fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    loop {
        let byte = value.to_le_bytes()[0] & 0x7f;
        value >>= 7;
        if value == 0 {
            out.push(byte);
            return;
        }
        out.push(byte | 0x80);
    }
}

/// Appends a field.
pub fn put_field(out: &mut Vec<u8>, number: u32, value: Value<'_>) {
    let tag = u64::from(number) << 3;
    match value {
        Value::Varint(value) => {
            put_varint(out, tag);
            put_varint(out, value);
        }
        Value::Fixed64(value) => {
            put_varint(out, tag | 1);
            out.extend_from_slice(&value.to_le_bytes());
        }
        Value::Bytes(bytes) => {
            put_varint(out, tag | 2);
            put_varint(out, bytes.len() as u64);
            out.extend_from_slice(bytes);
        }
        Value::Fixed32(value) => {
            put_varint(out, tag | 5);
            out.extend_from_slice(&value.to_le_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_back_as_they_were_put() {
        let values = [
            (1, Value::Varint(0)),
            (2, Value::Varint(u64::MAX)),
            (15, Value::Fixed64(7)),
            (16, Value::Fixed32(u32::MAX)),
            (1 << 28, Value::Bytes(b"abc")),
            (3, Value::Bytes(b"")),
        ];
        let mut out = Vec::new();
        for (number, value) in values {
            put_field(&mut out, number, value);
        }
        let read: Vec<_> = Fields::new(&out).map(Result::unwrap).collect();
        assert_eq!(
            read.iter().map(|field| (field.number, field.value)).collect::<Vec<_>>(),
            values
        );
        assert_eq!(read.iter().flat_map(|field| field.encoded).copied().collect::<Vec<_>>(), out);
    }

    #[test]
    fn faults_are_named_and_end_the_message() {
        let cases: [(&[u8], Fault); 8] = [
            (&[0x08], Fault::Truncated),
            (&[0x08, 0x80], Fault::Truncated),
            (&[0x0a, 0x02, 0x00], Fault::Truncated),
            (&[0x09, 0, 0, 0], Fault::Truncated),
            (&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02], Fault::Varint),
            (&[0x00, 0x00], Fault::Number),
            (&[0x0b, 0x0c], Fault::WireType(3)),
            (&[0x0e], Fault::WireType(6)),
        ];
        for (bytes, fault) in cases {
            let mut fields = Fields::new(bytes);
            assert_eq!(fields.next().unwrap().unwrap_err(), fault, "{bytes:x?}");
            assert!(fields.next().is_none());
        }
    }
}
