package dev.quoll.emulator.smp;

import dev.quoll.emulator.core.HostMemory;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * Wrong ways to access guest RAM, each a mistake that an emulator might make. {@link BrokenBuild} puts them in the place of
 * the right ones, in a JVM of its own; nothing else refers to them.
 */
public final class BrokenAccess {
    /** Address of the litmus machine's locations for {@link HostMemory}. */
    static volatile long locations;

    /** What one vCPU's thread has done too late or too early. */
    private static final class Reordered {
        long pendingAddress = -1;
        int pendingValue;
        long element = -1;
        final int[] early = new int[Litmus.LOCATIONS.size()];
        final boolean[] have = new boolean[Litmus.LOCATIONS.size()];
    }

    private static final ThreadLocal<Reordered> OF_THREAD = ThreadLocal.withInitial(Reordered::new);

    private BrokenAccess() {}

    /** A fence that is none. */
    public static void noFence() {}

    /** Nobody is stopped. */
    public static boolean stopNobody(Object cpu) {
        return false;
    }

    /** INVLPG that forgets nothing. */
    public static void keepTranslation(Object cpu, long va) {}

    /** A store into code tells no other vCPU. */
    public static void keepOthersCode(Object group, Object cpu, int pageIndex, int from, int to) {}

    /** A compare-and-set in several steps, and without a fence. */
    public static boolean compareAndSetInt(VarHandle handle, MemorySegment segment, long address, int expected, int value) {
        if ((int) handle.get(segment, address) != expected) {
            return false;
        }
        handle.set(segment, address, value);
        return true;
    }

    /** As {@link #compareAndSetInt}. */
    public static boolean compareAndSetLong(
            VarHandle handle, MemorySegment segment, long address, long expected, long value) {
        if ((long) handle.get(segment, address) != expected) {
            return false;
        }
        handle.set(segment, address, value);
        return true;
    }

    /** Every other store waits until the next one is done. */
    public static void storeInt(MemorySegment ram, long address, int value) {
        Reordered mine = OF_THREAD.get();
        if (mine.pendingAddress == -1) {
            mine.pendingAddress = address;
            mine.pendingValue = value;
            return;
        }
        HostMemory.putInt(ram, address, value);
        HostMemory.putInt(ram, mine.pendingAddress, mine.pendingValue);
        mine.pendingAddress = -1;
    }

    /** A load of one location loads the others too, for the loads that follow. */
    public static int loadInt(MemorySegment ram, long address) {
        long offset = address - locations;
        if (offset < 0 || offset >= LitmusMachine.DATA_EACH * Litmus.LOCATIONS.size()) {
            return HostMemory.getInt(ram, address);
        }
        Reordered mine = OF_THREAD.get();
        long element = offset % LitmusMachine.DATA_EACH;
        int location = (int) (offset / LitmusMachine.DATA_EACH);
        if (mine.element == element && mine.have[location]) {
            mine.have[location] = false;
            return mine.early[location];
        }
        mine.element = element;
        for (int i = 0; i < mine.early.length; i++) {
            mine.early[i] = HostMemory.getInt(ram, locations + i * LitmusMachine.DATA_EACH + element);
            mine.have[i] = true;
        }
        for (int i = 0; i < 20; i++) {
            Thread.onSpinWait();
        }
        return HostMemory.getInt(ram, address);
    }
}
