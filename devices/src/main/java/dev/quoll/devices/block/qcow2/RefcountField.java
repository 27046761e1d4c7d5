package dev.quoll.devices.block.qcow2;

import java.nio.ByteBuffer;

/** Entries of a refcount block, 1 to 64 bits wide; those of less than a byte fill a byte from its low end. */
record RefcountField(int order) {
    /** Entries in a block of {@code size} bytes. */
    int entriesIn(int size) {
        return (int) ((long) size * Byte.SIZE >> order);
    }

    /** Largest count, or the largest signed number for entries of 64 bits. */
    long max() {
        return order == 6 ? Long.MAX_VALUE : (1L << (1 << order)) - 1;
    }

    /** The count, unsigned in 64 bits. */
    long get(ByteBuffer block, int index) {
        return switch (order) {
            case 0, 1, 2 -> (block.get(index << order >> 3) & 0xff) >> shift(index) & max();
            case 3 -> block.get(index) & 0xff;
            case 4 -> block.getShort(index * 2) & 0xffff;
            case 5 -> Integer.toUnsignedLong(block.getInt(index * 4));
            default -> block.getLong(index * 8);
        };
    }

    void set(ByteBuffer block, int index, long count) {
        switch (order) {
            case 0, 1, 2 -> {
                int at = index << order >> 3;
                block.put(at, (byte) (block.get(at) & ~(max() << shift(index)) | count << shift(index)));
            }
            case 3 -> block.put(index, (byte) count);
            case 4 -> block.putShort(index * 2, (short) count);
            case 5 -> block.putInt(index * 4, (int) count);
            default -> block.putLong(index * 8, count);
        }
    }

    private int shift(int index) {
        return index << order & 7;
    }
}
