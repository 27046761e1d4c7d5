package dev.quoll.emulator.x87;

/** Where an FXSAVE or XSAVE image lies: guest memory or an array. */
public interface StateArea {
    /** Reads 1, 2, 4 or 8 bytes, zero-extended. */
    long get(int offset, int size);

    /** Writes the low 1, 2, 4 or 8 bytes. */
    void put(int offset, int size, long value);
}
