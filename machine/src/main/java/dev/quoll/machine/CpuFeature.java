package dev.quoll.machine;

/** CPUID feature bits by their manual names: the single truth for where each bit stands. */
public enum CpuFeature {
    FPU(1, 0, Register.EDX, 0);

    /** CPUID output registers. */
    public enum Register {
        EAX,
        EBX,
        ECX,
        EDX
    }

    private final int leaf;
    private final int subleaf;
    private final Register register;
    private final int bit;

    CpuFeature(int leaf, int subleaf, Register register, int bit) {
        this.leaf = leaf;
        this.subleaf = subleaf;
        this.register = register;
        this.bit = bit;
    }

    public int leaf() {
        return leaf;
    }

    public int subleaf() {
        return subleaf;
    }

    public Register register() {
        return register;
    }

    public int bit() {
        return bit;
    }
}
