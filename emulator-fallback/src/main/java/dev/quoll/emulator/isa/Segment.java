package dev.quoll.emulator.isa;

/// The segment registers, in the order of their encoding.
public enum Segment {
    ES,
    CS,
    SS,
    DS,
    FS,
    GS;

    private static final Segment[] ALL = values();

    /// Returns the segment register with this number, 0 to 5.
    public static Segment of(int number) {
        return ALL[number];
    }
}
