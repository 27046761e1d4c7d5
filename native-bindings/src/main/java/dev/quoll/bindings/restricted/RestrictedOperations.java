package dev.quoll.bindings.restricted;

import dev.quoll.bindings.NativeUnavailableException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The one place that calls the JDK's restricted methods ({@code java.lang.foreign}, "Restricted methods"). The package
 * is not exported, so no other module can reach past the bindings.
 *
 * <p>Nothing here fails at class initialisation: whether native access works is found out once, and kept as a reason.
 */
@SuppressWarnings("restricted")
public final class RestrictedOperations {
    private static final String REASON = findReason();

    private RestrictedOperations() {}

    /** Why native calls cannot be made, as a sentence; empty when they can. */
    public static Optional<String> unavailableReason() {
        return Optional.ofNullable(REASON);
    }

    private static String findReason() {
        String system = System.getProperty("os.name", "");
        String processor = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
        if (!system.equals("Linux") || !(processor.equals("amd64") || processor.equals("x86_64"))) {
            return "Native calls are bound for Linux on x86-64; this is " + system + " on " + processor + ".";
        }
        try {
            MemorySegment.NULL.reinterpret(1);
            Linker.nativeLinker();
            return null;
        } catch (IllegalCallerException e) {
            return "Native access is denied; start Java with --enable-native-access=dev.quoll.bindings.";
        } catch (UnsupportedOperationException e) {
            return "This Java has no linker for native calls (" + e.getMessage() + ").";
        }
    }

    /** A segment of {@code size} bytes at {@code address}, with no owner: it is valid for as long as the memory is. */
    public static MemorySegment reinterpret(MemorySegment address, long size) {
        requireAvailable();
        return address.reinterpret(size);
    }

    /**
     * A segment of {@code size} bytes at {@code address} that lives as long as {@code arena}.
     *
     * @param cleanup called with the segment when the arena closes, or null
     */
    public static MemorySegment reinterpret(
            MemorySegment address, long size, Arena arena, Consumer<MemorySegment> cleanup) {
        requireAvailable();
        return address.reinterpret(size, arena, cleanup);
    }

    /**
     * A handle that calls the C library's {@code symbol}. With {@code errno}, a leading parameter takes the segment
     * that receives the error number. Where the call cannot be made, the handle has the same type and throws
     * {@link NativeUnavailableException} when invoked, so that a class holding it can always be initialised.
     */
    public static MethodHandle downcall(String symbol, FunctionDescriptor descriptor, boolean errno) {
        if (REASON != null) {
            return throwing(descriptor, errno, symbol + ": " + REASON);
        }
        var linker = Linker.nativeLinker();
        var address = linker.defaultLookup().find(symbol).orElse(null);
        if (address == null) {
            return throwing(descriptor, errno, "This system's C library has no function " + symbol + ".");
        }
        return errno
                ? linker.downcallHandle(address, descriptor, Linker.Option.captureCallState("errno"))
                : linker.downcallHandle(address, descriptor);
    }

    /** A handle whose first parameter is the address to call, or one that throws, as {@link #downcall}. */
    public static MethodHandle entry(FunctionDescriptor descriptor) {
        return REASON != null
                ? throwing(descriptor, true, "Calling machine code: " + REASON)
                : Linker.nativeLinker().downcallHandle(descriptor);
    }

    /** As {@link #entry}, for code that returns within a microsecond: the garbage collector waits for it. */
    public static MethodHandle shortEntry(FunctionDescriptor descriptor) {
        return REASON != null
                ? throwing(descriptor, true, "Calling machine code: " + REASON)
                : Linker.nativeLinker().downcallHandle(descriptor, Linker.Option.critical(false));
    }

    private static MethodHandle throwing(FunctionDescriptor descriptor, boolean leadingSegment, String reason) {
        MethodType type = descriptor.toMethodType();
        if (leadingSegment) {
            type = type.insertParameterTypes(0, MemorySegment.class);
        }
        try {
            var exception = MethodHandles.publicLookup().findConstructor(
                    NativeUnavailableException.class, MethodType.methodType(void.class, String.class)).bindTo(reason);
            var thrower = MethodHandles.throwException(type.returnType(), NativeUnavailableException.class);
            return MethodHandles.dropArguments(
                    MethodHandles.foldArguments(thrower, exception), 0, type.parameterList());
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("NativeUnavailableException has a public constructor", e);
        }
    }

    private static void requireAvailable() {
        if (REASON != null) {
            throw new NativeUnavailableException(REASON);
        }
    }
}
