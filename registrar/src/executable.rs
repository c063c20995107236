//! The head of an executable: for which processor it was built.

/// The processors that Lambda has.
const ARM64: u16 = 183;
const X86_64: u16 = 62;

/// What the head of a file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Head {
    /// An ELF file for `arm64` or `x86_64`.
    Elf(&'static str),
    /// An ELF file for another processor.
    OtherElf(u16),
    /// Something else: a script, or an executable of another system.
    NotElf,
}

/// Reads the head: magic number, word size and byte order, and the machine at offset 18.
#[must_use]
pub fn head(bytes: &[u8]) -> Head {
    let Some(b"\x7fELF") = bytes.get(..4) else { return Head::NotElf };
    let little_endian = bytes.get(5) != Some(&2);
    let machine = match bytes.get(18..20) {
        Some(&[low, high]) if little_endian => u16::from_le_bytes([low, high]),
        Some(&[high, low]) => u16::from_be_bytes([high, low]),
        _ => return Head::NotElf,
    };
    match machine {
        ARM64 => Head::Elf("arm64"),
        X86_64 => Head::Elf("x86_64"),
        other => Head::OtherElf(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_machine_of_elf_files_only() {
        let elf = |machine: u16| {
            let mut bytes = b"\x7fELF\x02\x01".to_vec();
            bytes.resize(18, 0);
            bytes.extend(machine.to_le_bytes());
            bytes
        };
        assert_eq!(head(&elf(183)), Head::Elf("arm64"));
        assert_eq!(head(&elf(62)), Head::Elf("x86_64"));
        assert_eq!(head(&elf(40)), Head::OtherElf(40));
        for bytes in [b"".as_slice(), b"#!/bin/sh", b"\x7fELF\x02\x01"] {
            assert_eq!(head(bytes), Head::NotElf);
        }
    }
}
