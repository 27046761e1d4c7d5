package dev.quoll.kvm;

import dev.quoll.bindings.file.FileDescriptor;
import dev.quoll.bindings.kvm.kvm_h;
import dev.quoll.bindings.kvm.kvm_stats_desc;
import dev.quoll.bindings.kvm.kvm_stats_header;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * What the kernel itself counts of a machine or a vCPU, by the names it has for it (api.rst, KVM_GET_STATS_FD). Which figures
 * there are differs from kernel to kernel and is read from the file.
 */
final class KernelStatistics implements AutoCloseable {
    /** More than any kernel has, against a file that is something else. */
    private static final int MOST_FIGURES = 4096;
    private static final int LONGEST_NAME = 256;

    /** @param count 1, or the number of a histogram's buckets */
    private record Figure(String name, long offset, int count) {}

    private final FileDescriptor file;
    private final List<Figure> figures = new ArrayList<>();
    private final long dataOffset;
    private final long dataSize;

    private KernelStatistics(FileDescriptor file) {
        this.file = file;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment header = kvm_stats_header.allocate(arena);
            file.readAt(header, 0);
            int nameSize = Math.clamp(kvm_stats_header.name_size(header), 0, LONGEST_NAME);
            int count = Math.clamp(kvm_stats_header.num_desc(header), 0, MOST_FIGURES);
            dataOffset = kvm_stats_header.data_offset(header) & 0xffff_ffffL;
            long rowSize = kvm_stats_desc.sizeof() + nameSize;
            MemorySegment rows = arena.allocate(rowSize * count, 8);
            file.readAt(rows, kvm_stats_header.desc_offset(header) & 0xffff_ffffL);
            long end = 0;
            for (int i = 0; i < count; i++) {
                MemorySegment row = rows.asSlice(i * rowSize, rowSize);
                Figure figure = new Figure(
                        name(row.asSlice(kvm_stats_desc.sizeof())),
                        kvm_stats_desc.offset(row) & 0xffff_ffffL,
                        kvm_stats_desc.size(row) & 0xffff);
                figures.add(figure);
                end = Math.max(end, figure.offset + 8L * figure.count);
            }
            dataSize = end;
        }
    }

    /** Of a machine or a vCPU. */
    static KernelStatistics of(FileDescriptor owner) {
        FileDescriptor file = FileDescriptor.owning(
                owner.ioctl("KVM_GET_STATS_FD", kvm_h.KVM_GET_STATS_FD(), 0), owner.name() + "'s statistics");
        try {
            return new KernelStatistics(file);
        } catch (RuntimeException e) {
            file.close();
            throw e;
        }
    }

    private static String name(MemorySegment text) {
        StringBuilder name = new StringBuilder();
        for (long i = 0; i < text.byteSize() && text.get(ValueLayout.JAVA_BYTE, i) != 0; i++) {
            name.append((char) (text.get(ValueLayout.JAVA_BYTE, i) & 0x7f));
        }
        return name.toString();
    }

    /** A line for each figure that is not zero; a histogram's buckets with commas, up to the last that is not zero. Any thread. */
    String text() {
        StringBuilder text = new StringBuilder();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data = arena.allocate(dataSize, 8);
            file.readAt(data, dataOffset);
            for (Figure figure : figures) {
                int last = figure.count - 1;
                while (last >= 0 && value(data, figure, last) == 0) {
                    last--;
                }
                if (last >= 0) {
                    text.append("kernel-").append(figure.name).append(' ').append(Long.toUnsignedString(value(data, figure, 0)));
                    for (int bucket = 1; bucket <= last; bucket++) {
                        text.append(',').append(Long.toUnsignedString(value(data, figure, bucket)));
                    }
                    text.append(System.lineSeparator());
                }
            }
        }
        return text.toString();
    }

    private static long value(MemorySegment data, Figure figure, int bucket) {
        return data.get(ValueLayout.JAVA_LONG, figure.offset + 8L * bucket);
    }

    @Override
    public void close() {
        file.close();
    }
}
