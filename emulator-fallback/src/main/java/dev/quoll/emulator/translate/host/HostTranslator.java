package dev.quoll.emulator.translate.host;

import dev.quoll.bindings.NativeException;
import dev.quoll.bindings.code.HostCpuid;
import dev.quoll.emulator.core.BlockCode;
import dev.quoll.emulator.core.HostMemory;
import dev.quoll.emulator.core.StateLayout;
import java.util.Optional;

/** Translates for x86-64 hosts. One per vCPU. */
public final class HostTranslator implements BlockCode {
    // CPUID leaves and bits of what the translated instructions need (SDM vol. 2, CPUID).
    private static final int LEAF_1_ECX = 1 << 0 | 1 << 20 | 1 << 22 | 1 << 23;
    private static final int LEAF_7_EBX = 1 << 3 | 1 << 8 | 1 << 19;
    private static final int EXTENDED_LEAF = 0x8000_0001;
    private static final int EXTENDED_ECX = 1 << 0 | 1 << 5;

    /** Going in and out costs as much as interpreting ten instructions. */
    private static final int LEAST_BEFORE_EXIT = 4;

    private static final Optional<String> OBSTACLE = findObstacle();

    private static final int[] SAVED = {
        HostRegister.RBX, HostRegister.RBP, HostRegister.R12, HostRegister.R13, HostRegister.R14, HostRegister.STATE
    };

    private final HostAssembler out = new HostAssembler();

    private final int leastBeforeExit;

    private HostTranslator(int leastBeforeExit) {
        this.leastBeforeExit = leastBeforeExit;
    }

    /** A translator. */
    public static HostTranslator create() {
        return create(LEAST_BEFORE_EXIT);
    }

    /**
     * A translator with another idea of what pays.
     *
     * @param leastBeforeExit a block that leaves for the interpreter before its end is translated when so many instructions come
     *     first, at least 1
     * @throws IllegalStateException when there is an {@link #obstacle}
     */
    public static HostTranslator create(int leastBeforeExit) {
        if (OBSTACLE.isPresent()) {
            throw new IllegalStateException(OBSTACLE.get());
        }
        return new HostTranslator(leastBeforeExit);
    }

    /** Why nothing can be translated here, as the end of a sentence; empty when it can. */
    public static Optional<String> obstacle() {
        return OBSTACLE;
    }

    private static Optional<String> findObstacle() {
        if (!System.getProperty("os.arch").equals("amd64")) {
            return Optional.of("the host is no x86-64 machine");
        }
        if (!HostMemory.DIRECT) {
            return Optional.of("native access is denied (--enable-native-access=dev.quoll.bindings grants it)");
        }
        try (HostCpuid cpuid = HostCpuid.open()) {
            boolean able = (cpuid.query(1, 0).ecx() & LEAF_1_ECX) == LEAF_1_ECX
                    && (cpuid.query(7, 0).ebx() & LEAF_7_EBX) == LEAF_7_EBX
                    && (cpuid.query(EXTENDED_LEAF, 0).ecx() & EXTENDED_ECX) == EXTENDED_ECX;
            return able ? Optional.empty() : Optional.of("the host's processor lacks BMI2, ADX or other instructions of x86-64-v3");
        } catch (NativeException e) {
            return Optional.of("executable memory is refused (%s)".formatted(e.getMessage()));
        }
    }

    @Override
    public Frame frame(int staleExit) {
        out.reset();
        for (int register : SAVED) {
            push(register);
        }
        out.move(8, HostRegister.STATE, HostRegister.RDI);
        for (int guest = 0; guest < 16; guest++) {
            int host = HostRegister.of(guest);
            if (host != HostRegister.NONE) {
                out.load(8, host, HostRegister.STATE, StateLayout.gpr(guest));
            }
        }
        out.jumpIndirect(HostRegister.STATE, StateLayout.ENTRY);
        int stale = out.position();
        out.store(8, HostRegister.STATE, StateLayout.STALE_CELL, HostRegister.T1);
        out.storeImmediate(4, HostRegister.STATE, StateLayout.EXIT, staleExit);
        int leave = out.position();
        for (int guest = 0; guest < 16; guest++) {
            int host = HostRegister.of(guest);
            if (host != HostRegister.NONE) {
                out.store(8, HostRegister.STATE, StateLayout.gpr(guest), host);
            }
        }
        for (int i = SAVED.length - 1; i >= 0; i--) {
            pop(SAVED[i]);
        }
        out.u8(0xc3);
        return new Frame(out.bytes(), 0, leave, stale);
    }

    private void push(int register) {
        out.rex(4, 0, 0, register, 0);
        out.u8(0x50 | register & 7);
    }

    private void pop(int register) {
        out.rex(4, 0, 0, register, 0);
        out.u8(0x58 | register & 7);
    }

    @Override
    public Made translate(Source source, Exits exits, long address, long leave, long jumps) {
        return new BlockTranslation(new CodeInProgress(out, source, exits, address, leave), jumps, leastBeforeExit).make();
    }
}
