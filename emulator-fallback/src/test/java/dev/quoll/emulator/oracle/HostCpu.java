package dev.quoll.emulator.oracle;

import dev.quoll.bindings.NativeAccess;
import dev.quoll.bindings.code.CodeEntry;
import dev.quoll.bindings.code.ExecutableMemory;
import dev.quoll.bindings.code.HostCpuid;
import dev.quoll.bindings.memory.MemoryMapping;
import dev.quoll.bindings.memory.Protection;
import dev.quoll.emulator.isa.Flags;
import dev.quoll.machine.CpuFeature;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.junit.jupiter.api.Assumptions;

/**
 * Runs instructions on the host's processor: a piece of code that loads all registers, RSP included, from a block, the
 * instructions, and code that stores them back. One that faults ends the JVM, so callers choose operands that do not.
 */
public final class HostCpu implements AutoCloseable {
    /** Bytes of the data buffer that instructions may access. */
    public static final int DATA_SIZE = 8192;

    static final int CODE_SIZE = 1 << 18;
    private static final int MARGIN = 4096;
    private static final int BLOCK_FLAGS = 128;
    private static final int BLOCK_HOST_MXCSR = 136;
    private static final int BLOCK_HOST_RSP = 144;
    private static final int BLOCK_RAX = 152;
    private static final int FLAGS = Flags.STATUS | Flags.DF;
    private static final int BLOCK_FX = 256;
    private static final int BLOCK_UPPER = 1024;
    private static final int LONGEST_PIECE = 2048;
    private static final int RAX = 0;
    private static final int RDI = 7;

    private final ExecutableMemory code = ExecutableMemory.allocate(CODE_SIZE);
    private final MemoryMapping data = MemoryMapping.anonymous(DATA_SIZE + 2 * MARGIN, Protection.READ_WRITE);
    private final MemoryMapping block = MemoryMapping.anonymous(4096, Protection.READ_WRITE);
    /** Whether there are YMM registers: else their upper halves in a state stay as they are. */
    private final boolean avx;

    private final byte[] before;
    private final byte[] after;
    private int at;
    private int entry;

    private HostCpu() {
        avx = hasAvx();
        before = prologue(avx);
        after = epilogue(block.address(), avx);
    }

    /** Prepares, or skips the test where the host is another machine or native access is denied. */
    public static HostCpu open() {
        Assumptions.assumeTrue(System.getProperty("os.arch").equals("amd64"), "the host is not x86-64");
        NativeAccess.unavailableReason().ifPresent(Assumptions::abort);
        return new HostCpu();
    }

    private static boolean hasAvx() {
        CpuFeature bit = CpuFeature.AVX;
        try (HostCpuid cpuid = HostCpuid.open()) {
            // The system has to have enabled the state as well.
            int ecx = cpuid.query(bit.leaf(), 0).ecx();
            return (ecx >>> bit.bit() & ecx >>> CpuFeature.OSXSAVE.bit() & 1) != 0;
        }
    }

    /** Linear address of the code area, which is {@link #CODE_SIZE} bytes long. */
    long codeAddress() {
        return code.address();
    }

    /** Linear address of the data buffer. */
    public long dataAddress() {
        // The pages on both sides catch an access that strays.
        return data.address() + MARGIN;
    }

    /** Linear address at which the instruction of the next {@link #place} will stand. */
    public long nextInstruction() {
        return code.address() + room() + before.length;
    }

    /** Places instructions for the following {@link #run}s. Never overwrites code that has run shortly before. */
    void place(byte[] instruction) {
        entry = room();
        ByteBuffer piece = ByteBuffer.allocate(LONGEST_PIECE);
        piece.put(before).put(instruction).put(after);
        code.write(entry, Arrays.copyOf(piece.array(), piece.position()));
        at = entry + (piece.position() + 63 & ~63);
    }

    private int room() {
        return at + LONGEST_PIECE > CODE_SIZE ? 0 : at;
    }

    /** Runs the placed instruction on a state and a data buffer, which both become what it leaves. */
    void run(CpuState state, byte[] buffer) {
        MemorySegment slots = block.segment();
        for (int i = 0; i < 16; i++) {
            slots.set(ValueLayout.JAVA_LONG, 8L * i, state.gpr[i]);
        }
        slots.set(ValueLayout.JAVA_LONG, BLOCK_FLAGS, state.flags & FLAGS | 0x202);
        MemorySegment image = MemorySegment.ofArray(state.fx.array());
        MemorySegment.copy(image, 0, slots, BLOCK_FX, CpuState.FX_SIZE);
        MemorySegment upper = MemorySegment.ofArray(state.upper.array());
        MemorySegment.copy(upper, 0, slots, BLOCK_UPPER, CpuState.UPPER_SIZE);
        MemorySegment.copy(buffer, 0, data.segment(), ValueLayout.JAVA_BYTE, MARGIN, DATA_SIZE);
        CodeEntry.call(code.address() + entry, block.address());
        for (int i = 0; i < 16; i++) {
            state.gpr[i] = slots.get(ValueLayout.JAVA_LONG, 8L * i);
        }
        state.flags = slots.get(ValueLayout.JAVA_LONG, BLOCK_FLAGS);
        MemorySegment.copy(slots, BLOCK_FX, image, 0, CpuState.FX_SIZE);
        MemorySegment.copy(slots, BLOCK_UPPER, upper, 0, CpuState.UPPER_SIZE);
        MemorySegment.copy(data.segment(), ValueLayout.JAVA_BYTE, MARGIN, buffer, 0, DATA_SIZE);
    }

    private static byte[] prologue(boolean avx) {
        Assembler a = new Assembler();
        a.bytes(0x53, 0x55, 0x41, 0x54, 0x41, 0x55, 0x41, 0x56, 0x41, 0x57); // push rbx, rbp, r12-r15
        a.withBlock(BLOCK_HOST_MXCSR, 0x0f, 0xae, 0x9f); // stmxcsr [rdi+n]
        a.withBlock(BLOCK_FX, 0x48, 0x0f, 0xae, 0x8f); // fxrstor64 [rdi+n]
        for (int i = 0; avx && i < 16; i++) {
            a.upper(0x18, i, ~i & 15); // vinsertf128 ymm, ymm, [rdi+n], 1
        }
        a.withBlock(BLOCK_FLAGS, 0xff, 0xb7); // push qword [rdi+n]
        a.bytes(0x9d); // popfq
        a.withBlock(BLOCK_HOST_RSP, 0x48, 0x89, 0xa7); // mov [rdi+n], rsp
        for (int i = 0; i < 16; i++) {
            if (i != RDI) {
                a.register(0x8b, i); // mov r, [rdi+8i]
            }
        }
        a.register(0x8b, RDI);
        return a.done();
    }

    private static byte[] epilogue(long block, boolean avx) {
        Assembler a = new Assembler();
        // No register is free and the stack may be anywhere: RAX goes to an absolute address. MOV keeps the flags.
        a.bytes(0x48, 0xa3); // mov [block+n], rax
        a.address(block + BLOCK_RAX);
        a.bytes(0x48, 0xb8); // mov rax, block
        a.address(block);
        for (int i = 0; i < 16; i++) {
            if (i != RAX) {
                a.registerAtRax(i); // mov [rax+8i], r
            }
        }
        a.bytes(0x48, 0x89, 0xc7); // mov rdi, rax
        a.withBlock(BLOCK_HOST_RSP, 0x48, 0x8b, 0xa7); // mov rsp, [rdi+n]
        a.withBlock(BLOCK_RAX, 0x48, 0x8b, 0x87); // mov rax, [rdi+n]
        a.register(0x89, RAX);
        a.bytes(0x9c); // pushfq
        a.withBlock(BLOCK_FLAGS, 0x8f, 0x87); // pop qword [rdi+n]
        a.withBlock(BLOCK_FX, 0x48, 0x0f, 0xae, 0x87); // fxsave64 [rdi+n]
        if (avx) {
            for (int i = 0; i < 16; i++) {
                a.upper(0x19, i, 15); // vextractf128 [rdi+n], ymm, 1
            }
            a.bytes(0xc5, 0xf8, 0x77); // vzeroupper: the JVM's code uses legacy SSE
        }
        a.withBlock(BLOCK_HOST_MXCSR, 0x0f, 0xae, 0x97); // ldmxcsr [rdi+n]
        a.bytes(0xdb, 0xe3, 0xfc); // fninit; cld
        a.bytes(0x41, 0x5f, 0x41, 0x5e, 0x41, 0x5d, 0x41, 0x5c, 0x5d, 0x5b, 0xc3); // pop r15-r12, rbp, rbx; ret
        return a.done();
    }

    @Override
    public void close() {
        block.close();
        data.close();
        code.close();
    }

    /** Just enough encoding for the code around the instruction. */
    private static final class Assembler {
        private final ByteBuffer out = ByteBuffer.allocate(LONGEST_PIECE).order(ByteOrder.LITTLE_ENDIAN);

        void bytes(int... bytes) {
            for (int value : bytes) {
                out.put((byte) value);
            }
        }

        /** An instruction that ends in a displacement from RDI. */
        void withBlock(int offset, int... bytes) {
            bytes(bytes);
            out.putInt(offset);
        }

        /** MOV between a register and its slot in the block. */
        void register(int opcode, int number) {
            withBlock(8 * number, 0x48 | number >> 3 << 2, opcode, 0x87 | (number & 7) << 3);
        }

        /** MOV of a register to its slot in the block at RAX. */
        void registerAtRax(int number) {
            bytes(0x48 | number >> 3 << 2, 0x89, 0x80 | (number & 7) << 3);
            out.putInt(8 * number);
        }

        /** VINSERTF128 or VEXTRACTF128 between the upper half of a YMM register and its slot in the block. */
        void upper(int opcode, int number, int vvvv) {
            int modrm = 0x87 | (number & 7) << 3;
            withBlock(BLOCK_UPPER + 16 * number, 0xc4, number < 8 ? 0xe3 : 0x63, vvvv << 3 | 5, opcode, modrm);
            bytes(1);
        }

        void address(long value) {
            out.putLong(value);
        }

        byte[] done() {
            return Arrays.copyOf(out.array(), out.position());
        }
    }
}
