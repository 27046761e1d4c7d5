package dev.quoll.bindings.code;

import dev.quoll.bindings.NativeException;
import dev.quoll.bindings.NativeUnavailableException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;

/**
 * Executes the CPUID instruction on the host's processor (SDM vol. 2, "CPUID"). Under a hypervisor the answers are the
 * hypervisor's. A thread may move between processors: leaves that describe one of them differ from call to call.
 */
public final class HostCpuid implements AutoCloseable {
    /** The four result registers. */
    public record Registers(int eax, int ebx, int ecx, int edx) {}

    private static final long LEAF = 0;
    private static final long SUBLEAF = 4;
    private static final long RESULT = 8;
    private static final long EXCHANGE_SIZE = 24;

    /** RDI points to leaf, subleaf and room for the four results. */
    private static final byte[] CODE = {
        0x53, // push rbx
        (byte) 0x8B, 0x07, // mov eax, [rdi]
        (byte) 0x8B, 0x4F, 0x04, // mov ecx, [rdi+4]
        0x0F, (byte) 0xA2, // cpuid
        (byte) 0x89, 0x47, 0x08, // mov [rdi+8], eax
        (byte) 0x89, 0x5F, 0x0C, // mov [rdi+12], ebx
        (byte) 0x89, 0x4F, 0x10, // mov [rdi+16], ecx
        (byte) 0x89, 0x57, 0x14, // mov [rdi+20], edx
        0x5B, // pop rbx
        (byte) 0xC3 // ret
    };

    private static final byte[] XGETBV_CODE = {
        0x31, (byte) 0xC9, // xor ecx, ecx
        0x0F, 0x01, (byte) 0xD0, // xgetbv
        0x48, (byte) 0xC1, (byte) 0xE2, 0x20, // shl rdx, 32
        0x48, 0x09, (byte) 0xD0, // or rax, rdx
        (byte) 0xC3 // ret
    };

    /** CPUID leaf 1, ECX: XGETBV can be executed. */
    private static final int OSXSAVE = 1 << 27;

    private final ExecutableMemory memory;
    private final long entry;
    private final long xgetbv;

    private HostCpuid(ExecutableMemory memory) {
        this.memory = memory;
        this.entry = memory.write(0, CODE);
        this.xgetbv = memory.write(CODE.length, XGETBV_CODE);
    }

    /**
     * Prepares the code.
     *
     * @throws NativeUnavailableException where native access is not available
     * @throws NativeException if executable memory is refused
     */
    public static HostCpuid open() {
        return new HostCpuid(ExecutableMemory.allocate(CODE.length + XGETBV_CODE.length));
    }

    /** The answer for one leaf (EAX) and subleaf (ECX). Safe from any thread until {@link #close}. */
    public Registers query(int leaf, int subleaf) {
        try (var arena = Arena.ofConfined()) {
            var exchange = arena.allocate(EXCHANGE_SIZE, Integer.BYTES);
            exchange.set(ValueLayout.JAVA_INT, LEAF, leaf);
            exchange.set(ValueLayout.JAVA_INT, SUBLEAF, subleaf);
            CodeEntry.call(entry, exchange.address());
            return new Registers(
                    exchange.get(ValueLayout.JAVA_INT, RESULT),
                    exchange.get(ValueLayout.JAVA_INT, RESULT + 4),
                    exchange.get(ValueLayout.JAVA_INT, RESULT + 8),
                    exchange.get(ValueLayout.JAVA_INT, RESULT + 12));
        }
    }

    /**
     * XCR0, the register state that the host's system has enabled (SDM vol. 1, 13.3): bit 1 for XMM, bit 2 for the upper halves of YMM. 0
     * where it has enabled nothing of the kind.
     */
    public long enabledState() {
        return (query(1, 0).ecx() & OSXSAVE) == 0 ? 0 : CodeEntry.call(xgetbv, 0);
    }

    @Override
    public void close() {
        memory.close();
    }
}
