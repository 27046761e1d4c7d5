package dev.quoll.emulator.fpu;

/**
 * A number with a 128-bit significand, for the inside of the transcendental functions: {@code (-1)^negative * (high:low / 2^127) *
 * 2^exponent} with the top bit of {@code high} set, or zero with both words zero. Operations truncate; their error stays below 2^-124
 * relative, far below the 64 bits of a result.
 */
record Wide(boolean negative, int exponent, long high, long low) {
    static final Wide ZERO = new Wide(false, 0, 0, 0);
    static final Wide ONE = new Wide(false, 0, Long.MIN_VALUE, 0);

    static Wide of(Float80Constant constant) {
        return new Wide(false, constant.exponentField - Float80.BIAS, constant.high, constant.low);
    }

    /** Exact; for finite numbers. */
    static Wide of(double value) {
        if (value == 0) {
            return ZERO;
        }
        long bits = Double.doubleToRawLongBits(value);
        return new Wide(value < 0, BinaryFormat.DOUBLE.exponent(bits), BinaryFormat.DOUBLE.significand(bits), 0);
    }

    static Wide normalised(boolean negative, int exponent, long high, long low) {
        if ((high | low) == 0) {
            return ZERO;
        }
        if (high == 0) {
            high = low;
            low = 0;
            exponent -= 64;
        }
        int shift = Long.numberOfLeadingZeros(high);
        if (shift != 0) {
            high = high << shift | low >>> (64 - shift);
            low <<= shift;
        }
        return new Wide(negative, exponent - shift, high, low);
    }

    boolean isZero() {
        return (high | low) == 0;
    }

    Wide negate() {
        return new Wide(!negative, exponent, high, low);
    }

    Wide abs() {
        return new Wide(false, exponent, high, low);
    }

    /** Times a power of two. */
    Wide scale(int power) {
        return isZero() ? this : new Wide(negative, exponent + power, high, low);
    }

    /** Truncated; for exponents that a double can hold. */
    double toDouble() {
        double magnitude = isZero() ? 0 : Math.scalb((double) (high >>> 11), exponent - 52);
        return negative ? -magnitude : magnitude;
    }

    /** Compares magnitudes. */
    int compareMagnitude(Wide other) {
        if (isZero() || other.isZero()) {
            return Boolean.compare(other.isZero(), isZero());
        }
        if (exponent != other.exponent) {
            return Integer.compare(exponent, other.exponent);
        }
        int order = Long.compareUnsigned(high, other.high);
        return order != 0 ? order : Long.compareUnsigned(low, other.low);
    }

    Wide plus(Wide other) {
        if (compareMagnitude(other) < 0) {
            return other.plus(this);
        }
        int distance = exponent - other.exponent;
        if (other.isZero() || distance >= 128) {
            return this;
        }
        long h;
        long l;
        if (distance >= 64) {
            h = 0;
            l = other.high >>> (distance - 64);
        } else if (distance == 0) {
            h = other.high;
            l = other.low;
        } else {
            h = other.high >>> distance;
            l = other.high << (64 - distance) | other.low >>> distance;
        }
        if (negative != other.negative) {
            long difference = low - l;
            return normalised(negative, exponent, high - h - (Long.compareUnsigned(low, l) < 0 ? 1 : 0), difference);
        }
        long sumLow = low + l;
        long carryLow = Long.compareUnsigned(sumLow, l) < 0 ? 1 : 0;
        long sumHigh = high + h + carryLow;
        // The larger operand has its top bit set, so a carry out shows as a result below it.
        if (Long.compareUnsigned(sumHigh, high) < 0) {
            return new Wide(negative, exponent + 1, sumHigh >>> 1 | Long.MIN_VALUE, sumLow >>> 1 | sumHigh << 63);
        }
        return new Wide(negative, exponent, sumHigh, sumLow);
    }

    Wide minus(Wide other) {
        return plus(other.negate());
    }

    Wide times(Wide other) {
        if (isZero() || other.isZero()) {
            return ZERO;
        }
        long top = Math.unsignedMultiplyHigh(high, other.high);
        long middle = high * other.high;
        long cross = Math.unsignedMultiplyHigh(high, other.low);
        middle += cross;
        top += Long.compareUnsigned(middle, cross) < 0 ? 1 : 0;
        cross = Math.unsignedMultiplyHigh(low, other.high);
        middle += cross;
        top += Long.compareUnsigned(middle, cross) < 0 ? 1 : 0;
        return normalised(negative != other.negative, exponent + other.exponent + 1, top, middle);
    }

    /** Divides by a small positive integer. */
    Wide dividedBy(int divisor) {
        long h = Long.divideUnsigned(high, divisor);
        long rest = high - h * divisor << 32 | low >>> 32;
        long upper = Long.divideUnsigned(rest, divisor);
        rest = rest - upper * divisor << 32 | low & 0xFFFF_FFFFL;
        return normalised(negative, exponent, h, (upper << 32) + Long.divideUnsigned(rest, divisor));
    }

    /** Divides by a number that is not zero. */
    Wide dividedBy(Wide divisor) {
        Wide scaled = new Wide(false, 0, divisor.high, divisor.low);
        Wide inverse = Wide.of(1 / scaled.toDouble());
        // Newton's iteration doubles the 52 good bits twice.
        for (int i = 0; i < 2; i++) {
            inverse = inverse.plus(inverse.times(ONE.minus(scaled.times(inverse))));
        }
        Wide quotient = times(inverse).scale(-divisor.exponent);
        return divisor.negative ? quotient.negate() : quotient;
    }
}
