package dev.quoll.bindings.code;

import dev.quoll.bindings.NativeAccess;
import dev.quoll.bindings.NativeException;
import dev.quoll.bindings.restricted.RestrictedOperations;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** The host's LOCK CMPXCHG16B (SDM vol. 2), since the JVM has no atomic access of 16 bytes. */
public final class WideExchange {
    /** CPUID leaf 1, ECX. */
    private static final int CMPXCHG16B = 1 << 13;

    /** RDI: the operand; RSI: RAX, RCX, RDX and RBX, of which the first and third receive what was found. */
    private static final byte[] CODE = {
        0x53, // push rbx
        0x48, (byte) 0x8B, 0x06, // mov rax, [rsi]
        0x48, (byte) 0x8B, 0x4E, 0x08, // mov rcx, [rsi+8]
        0x48, (byte) 0x8B, 0x56, 0x10, // mov rdx, [rsi+16]
        0x48, (byte) 0x8B, 0x5E, 0x18, // mov rbx, [rsi+24]
        (byte) 0xF0, 0x48, 0x0F, (byte) 0xC7, 0x0F, // lock cmpxchg16b [rdi]
        0x48, (byte) 0x89, 0x06, // mov [rsi], rax
        0x48, (byte) 0x89, 0x56, 0x10, // mov [rsi+16], rdx
        0x0F, (byte) 0x94, (byte) 0xC0, // sete al
        0x0F, (byte) 0xB6, (byte) 0xC0, // movzx eax, al
        0x5B, // pop rbx
        (byte) 0xC3 // ret
    };

    private static final MethodHandle HANDLE = RestrictedOperations.shortEntry(
            FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
    /** Kept for as long as the process: any thread may be in it. Null where there is none. */
    private static final ExecutableMemory MEMORY = prepare();

    private static final MemorySegment ENTRY =
            MEMORY == null ? null : MemorySegment.ofAddress(MEMORY.write(0, CODE));

    private WideExchange() {}

    private static ExecutableMemory prepare() {
        if (!NativeAccess.available()) {
            return null;
        }
        try (HostCpuid cpuid = HostCpuid.open()) {
            if ((cpuid.query(1, 0).ecx() & CMPXCHG16B) == 0) {
                return null;
            }
            return ExecutableMemory.allocate(CODE.length);
        } catch (NativeException e) {
            // Executable memory is refused: callers do without.
            return null;
        }
    }

    /** Whether {@link #compareAndExchange} can be called. */
    public static boolean available() {
        return ENTRY != null;
    }

    /**
     * Compares 16 bytes with RDX:RAX and, when they are equal, replaces them by RCX:RBX; else loads them into RDX:RAX.
     * Atomic against every access of the host's processors. Any thread.
     *
     * @param operand address, a multiple of 16; memory that can be written
     * @param registers address of RAX, RCX, RDX and RBX, 8 bytes each
     * @return whether they were equal
     */
    public static boolean compareAndExchange(long operand, long registers) {
        try {
            return (long) HANDLE.invokeExact(ENTRY, operand, registers) != 0;
        } catch (Error | RuntimeException e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError("a downcall throws nothing checked", e);
        }
    }
}
