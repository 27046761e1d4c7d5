package dev.quoll.emulator;

import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.x87.StateArea;
import dev.quoll.emulator.x87.StateImage;
import dev.quoll.machine.XsaveComponent;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A vCPU's XSAVE state as the bytes of {@link dev.quoll.machine.CpuElement.Xsave}. */
final class XsaveImage {
    private static final int SIZE = XsaveComponent.AVX.offset() + XsaveComponent.AVX.size();

    private XsaveImage() {}

    static byte[] save(RegisterFile cpu) {
        byte[] bytes = new byte[SIZE];
        StateImage.saveAll(cpu, area(bytes));
        return bytes;
    }

    static void restore(RegisterFile cpu, byte[] bytes) {
        if (bytes.length < XsaveComponent.LEGACY_AND_HEADER) {
            throw new IllegalArgumentException("an XSAVE area has at least %d bytes, not %d"
                    .formatted(XsaveComponent.LEGACY_AND_HEADER, bytes.length));
        }
        StateImage.restoreAll(cpu, area(java.util.Arrays.copyOf(bytes, Math.max(SIZE, bytes.length))));
    }

    private static StateArea area(byte[] bytes) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        return new StateArea() {
            @Override
            public long get(int offset, int size) {
                return switch (size) {
                    case 1 -> buffer.get(offset) & 0xffL;
                    case 2 -> buffer.getShort(offset) & 0xffffL;
                    case 4 -> buffer.getInt(offset) & 0xffffffffL;
                    default -> buffer.getLong(offset);
                };
            }

            @Override
            public void put(int offset, int size, long value) {
                switch (size) {
                    case 1 -> buffer.put(offset, (byte) value);
                    case 2 -> buffer.putShort(offset, (short) value);
                    case 4 -> buffer.putInt(offset, (int) value);
                    default -> buffer.putLong(offset, value);
                }
            }
        };
    }
}
