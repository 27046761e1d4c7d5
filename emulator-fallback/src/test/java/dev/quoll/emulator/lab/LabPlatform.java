package dev.quoll.emulator.lab;

import dev.quoll.emulator.core.CpuPlatform;
import java.util.Arrays;

/** Nothing around the core: what user code reaches of it (CPUID, RDTSC, RDRAND) is no matter of comparison. */
final class LabPlatform implements CpuPlatform {
    /** CR4.LA57: canonical addresses have 48 bits without it. */
    private static final long FIVE_LEVEL_PAGING = 1 << 12;

    private static final int PHYSICAL_ADDRESS_BITS = 48;

    @Override
    public long tsc() {
        return 0;
    }

    @Override
    public boolean readMsr(int number, long[] value) {
        return false;
    }

    @Override
    public boolean writeMsr(int number, long value) {
        return false;
    }

    @Override
    public int readPort(int port, int width) {
        return -1;
    }

    @Override
    public void writePort(int port, int width, int value) {
        throw new AssertionError("user code reached port " + port);
    }

    @Override
    public void cpuid(int leaf, int subleaf, int[] registers) {
        Arrays.fill(registers, 0);
    }

    @Override
    public int taskPriority() {
        return 0;
    }

    @Override
    public void setTaskPriority(int priority) {
        throw new AssertionError("user code reached CR8");
    }

    @Override
    public boolean interruptDeliverable() {
        return false;
    }

    @Override
    public void halt() {
        throw new AssertionError("user code halted the processor");
    }

    @Override
    public long random() {
        return 0;
    }

    @Override
    public long cr4Mask() {
        return ~FIVE_LEVEL_PAGING;
    }

    @Override
    public long eferMask() {
        return -1L;
    }

    @Override
    public long xcr0Mask() {
        return 7;
    }

    @Override
    public int physicalAddressBits() {
        return PHYSICAL_ADDRESS_BITS;
    }
}
