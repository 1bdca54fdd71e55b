//! The field GF(32): polynomials over GF(2) modulo x^5 + x^2 + 1, five bits each (docs/protocol.md,
//! "Codes").

/// An element, 0 to 31: bit k is the coefficient of x^k.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gf32(u8);

impl Gf32 {
    pub(super) const ZERO: Self = Self(0);
    pub(super) const ONE: Self = Self(1);
    /// α = x, which generates all 31 elements that are not zero.
    const ALPHA: Self = Self(2);

    /// From the low five bits.
    pub(super) const fn new(value: u8) -> Self {
        Self(value & 31)
    }

    pub(super) const fn value(self) -> u8 {
        self.0
    }

    /// Sum, and difference: every element is its own negative.
    pub(super) const fn add(self, other: Self) -> Self {
        Self(self.0 ^ other.0)
    }

    pub(super) const fn mul(self, other: Self) -> Self {
        let (mut a, mut b, mut product) = (self.0, other.0, 0);
        while b != 0 {
            if b & 1 == 1 {
                product ^= a;
            }
            a <<= 1;
            if a & 32 != 0 {
                // x^5 = x^2 + 1
                a ^= 0b10_0101;
            }
            b >>= 1;
        }
        Self(product)
    }

    pub(super) const fn pow(self, exponent: u8) -> Self {
        let (mut power, mut square, mut left) = (Self::ONE, self, exponent);
        while left != 0 {
            if left & 1 == 1 {
                power = power.mul(square);
            }
            square = square.mul(square);
            left >>= 1;
        }
        power
    }

    /// The reciprocal; zero of zero.
    pub(super) const fn inverse(self) -> Self {
        self.pow(30)
    }

    /// α to a power.
    pub(super) const fn alpha_pow(exponent: u8) -> Self {
        Self::ALPHA.pow(exponent % 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> impl Iterator<Item = Gf32> {
        (0..32).map(Gf32::new)
    }

    /// Schoolbook: carry-less product, then long division by 0b100101.
    fn product(a: u8, b: u8) -> u8 {
        let mut long = 0u32;
        for bit in 0..5 {
            if b >> bit & 1 == 1 {
                long ^= u32::from(a) << bit;
            }
        }
        for bit in (5..10).rev() {
            if long >> bit & 1 == 1 {
                long ^= 0b10_0101 << (bit - 5);
            }
        }
        long as u8
    }

    #[test]
    fn all_1024_products_are_those_of_long_division() {
        for a in all() {
            for b in all() {
                assert_eq!(a.mul(b).value(), product(a.value(), b.value()));
            }
        }
    }

    #[test]
    fn alpha_generates_every_element_but_zero() {
        let mut seen = [false; 32];
        for exponent in 0..31 {
            let power = Gf32::alpha_pow(exponent);
            assert!(!core::mem::replace(&mut seen[usize::from(power.value())], true));
        }
        assert!(!seen[0]);
        assert_eq!(Gf32::alpha_pow(31), Gf32::ONE);
    }

    #[test]
    fn every_element_but_zero_has_a_reciprocal() {
        for a in all().skip(1) {
            assert_eq!(a.mul(a.inverse()), Gf32::ONE);
        }
    }
}
