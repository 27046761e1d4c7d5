package dev.quoll.bindings.code;

import dev.quoll.bindings.NativeUnavailableException;
import dev.quoll.bindings.restricted.RestrictedOperations;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Enters machine code at an address, as a C function {@code long f(long)} of the System V ABI: argument in RDI, result
 * in RAX; the code keeps RBX, RBP, RSP and R12 to R15, leaves the direction flag clear, and returns.
 *
 * <p>This is a plain downcall: the JVM marks the thread as being in native code, so the garbage collector never waits
 * for it however long it runs. Code that faults ends the process.
 */
public final class CodeEntry {
    private static final MethodHandle HANDLE =
            RestrictedOperations.entry(FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));

    private CodeEntry() {}

    /**
     * Calls the code at {@code address}.
     *
     * @throws NativeUnavailableException where native access is not available
     */
    public static long call(long address, long argument) {
        try {
            return (long) HANDLE.invokeExact(MemorySegment.ofAddress(address), argument);
        } catch (Error | RuntimeException e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError("a downcall throws nothing checked", e);
        }
    }
}
