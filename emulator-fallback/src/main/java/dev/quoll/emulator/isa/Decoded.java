package dev.quoll.emulator.isa;

/// What [Decoder#decode] found at an address.
public sealed interface Decoded
        permits Instruction, Decoded.InvalidOpcode, Decoded.Truncated, Decoded.TooLong {

    /// No instruction of this processor: raises #UD.
    ///
    /// @param length bytes that were looked at, 1 to 15; all of them have to be fetched before #UD is raised
    record InvalidOpcode(int length) implements Decoded {
    }

    /// The bytes given end before the instruction does; with more of them the answer will be another.
    record Truncated() implements Decoded {
        static final Truncated INSTANCE = new Truncated();
    }

    /// More than 15 bytes: raises #GP(0) (SDM vol. 3, 6.15, interrupt 13).
    record TooLong() implements Decoded {
        static final TooLong INSTANCE = new TooLong();
    }
}
