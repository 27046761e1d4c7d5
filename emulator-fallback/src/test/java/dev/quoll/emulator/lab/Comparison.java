package dev.quoll.emulator.lab;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.quoll.emulator.isa.Flags;
import dev.quoll.emulator.isa.Instruction;
import java.lang.foreign.MemorySegment;

/** Compares what the emulator and the host leave of a case. */
final class Comparison {
    private static final int SYSTEM_FLAGS = Flags.DF | Flags.TF | Flags.NT | Flags.AC | Flags.ID;
    private static final int PAGE_FAULT = 14;
    private static final int EXCEPTION_SUMMARY = 1 << 7;
    private static final int PROTECTION = 1;
    /** Addresses from here on are the kernel's: Linux reports them as present, whatever the page tables say. */
    private static final long LINUX_USER_END = 0x7fff_ffff_f000L;

    private static final String[] SEGMENTS = {"ds", "es", "cs", "ss"};
    private static final String[] NAMES = {
        "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"
    };

    private final boolean amd;
    private final Proof proof;

    /**
     * @param amd whether the host's processor is AMD's, whose undefined flags we follow
     * @param proof counts departures
     */
    Comparison(boolean amd, Proof proof) {
        this.amd = amd;
        this.proof = proof;
    }

    /** Whether the two states are equal in everything that has to be; quick. */
    boolean equal(LabInstance instance, MemorySegment mine, long a, MemorySegment theirs, long b) {
        return differences(instance, mine, a, theirs, b, null);
    }

    /** The differences, a line each; empty when there are none. */
    String differences(LabInstance instance, MemorySegment mine, long a, MemorySegment theirs, long b) {
        StringBuilder text = new StringBuilder();
        differences(instance, mine, a, theirs, b, text);
        return text.toString();
    }

    private boolean differences(
            LabInstance instance, MemorySegment mine, long a, MemorySegment theirs, long b, StringBuilder text) {
        long vector = mine.get(JAVA_LONG_UNALIGNED, a + CaseLayout.CASE_VECTOR);
        long other = theirs.get(JAVA_LONG_UNALIGNED, b + CaseLayout.CASE_VECTOR);
        Departure departure = null;
        if (vector == PAGE_FAULT && inWitness(mine.get(JAVA_LONG_UNALIGNED, a + CaseLayout.CASE_ADDRESS))) {
            departure = Departure.WITNESS;
        } else if (vector != LabCpu.ENDED && inOwnEnd(instance, mine.get(JAVA_LONG_UNALIGNED, a + CaseLayout.CASE_RIP))) {
            departure = Departure.OWN_END;
        } else if (vector != other) {
            departure = Leeway.ofException(instance, vector, other, control(theirs, b));
        }
        if (departure != null) {
            proof.departed(departure);
            return true;
        }
        boolean same = same(text, "exception", vector, other, -1);
        if (vector != LabCpu.ENDED) {
            same &= same(text, "rip", mine, a, theirs, b, CaseLayout.CASE_RIP);
            long errorMask = -1;
            if (vector == PAGE_FAULT) {
                same &= same(text, "cr2", mine, a, theirs, b, CaseLayout.CASE_ADDRESS);
                long address = theirs.get(JAVA_LONG_UNALIGNED, b + CaseLayout.CASE_ADDRESS);
                errorMask = Long.compareUnsigned(address, LINUX_USER_END) >= 0 ? ~PROTECTION : -1;
            }
            long error = mine.get(JAVA_LONG_UNALIGNED, a + CaseLayout.CASE_ERROR);
            long theirError = theirs.get(JAVA_LONG_UNALIGNED, b + CaseLayout.CASE_ERROR);
            if (error != theirError && errorMask != -1) {
                proof.departed(Departure.KERNEL_HALF);
            }
            same &= same(text, "error code", error, theirError, errorMask);
        }
        if (!same && text == null) {
            return false;
        }
        same &= registers(instance, mine, a, theirs, b, text);
        same &= same(text, "flags", mine.get(JAVA_LONG_UNALIGNED, a + CaseLayout.CASE_FLAGS),
                theirs.get(JAVA_LONG_UNALIGNED, b + CaseLayout.CASE_FLAGS), flags(instance));
        if (instance.wide()) {
            same &= same(text, "fs base", mine, a, theirs, b, CaseLayout.CASE_FS_BASE);
            same &= same(text, "gs base", mine, a, theirs, b, CaseLayout.CASE_GS_BASE);
        }
        for (int i = 0; i < SEGMENTS.length; i++) {
            long place = CaseLayout.CASE_SEGMENTS + 2 * i;
            int selector = mine.get(JAVA_SHORT_UNALIGNED, a + place) & 0xffff;
            int theirSelector = theirs.get(JAVA_SHORT_UNALIGNED, b + place) & 0xffff;
            if (selector != theirSelector && (selector | theirSelector) < 4) {
                proof.departed(Departure.NULL_SELECTOR);
            } else {
                same &= same(text, SEGMENTS[i], selector, theirSelector, -1);
            }
        }
        same &= images(instance, mine, a + CaseLayout.CASE_IMAGE, theirs, b + CaseLayout.CASE_IMAGE, text);
        for (int i = 0; i < 2; i++) {
            same &= window(instance, i, mine, a, theirs, b, text);
        }
        return same;
    }

    private static boolean inWitness(long address) {
        return address >= CaseLayout.WITNESS && address < CaseLayout.WITNESS_END;
    }

    /** Whether a branch has led to what the lab put behind it; an INT3 may have been run there, too. */
    private static boolean inOwnEnd(LabInstance instance, long rip) {
        long into = rip - instance.address() - instance.code().length;
        return instance.branches() && into > 0 && into <= CaseLayout.LONGEST_END;
    }

    private static int control(MemorySegment state, long at) {
        return state.get(JAVA_INT_UNALIGNED, at + CaseLayout.CASE_IMAGE + LabCpu.IMAGE_MXCSR);
    }

    private int flags(LabInstance instance) {
        Instruction instruction = instance.instruction();
        int undefined = amd || instruction == null ? 0 : instruction.row().flagsUndefined();
        return Flags.STATUS & ~undefined & ~(Leeway.lucky(instruction) ? Flags.CF : 0) | SYSTEM_FLAGS;
    }

    private boolean registers(
            LabInstance instance, MemorySegment mine, long a, MemorySegment theirs, long b, StringBuilder text) {
        if (instance.wide()
                && MemorySegment.mismatch(mine, a, a + 128, theirs, b, b + 128) < 0) {
            return true;
        }
        boolean same = true;
        // The upper halves are no business of 32-bit code.
        int count = instance.wide() ? 16 : 8;
        long mask = instance.wide() ? -1L : 0xffff_ffffL;
        for (int i = 0; i < count; i++) {
            long random = Leeway.randomBits(instance.instruction(), i);
            if (random != 0) {
                proof.departed(Departure.RANDOM_VALUE);
            }
            same &= same(text, NAMES[i], mine.get(JAVA_LONG_UNALIGNED, a + 8 * i),
                    theirs.get(JAVA_LONG_UNALIGNED, b + 8 * i), mask & ~random);
        }
        return same;
    }

    private boolean images(
            LabInstance instance, MemorySegment mine, long a, MemorySegment theirs, long b, StringBuilder text) {
        boolean same = same(text, "x87 control", mine.get(JAVA_SHORT_UNALIGNED, a), theirs.get(JAVA_SHORT_UNALIGNED, b), 0xffff);
        int status = mine.get(JAVA_SHORT_UNALIGNED, a + LabCpu.IMAGE_STATUS);
        int theirStatus = theirs.get(JAVA_SHORT_UNALIGNED, b + LabCpu.IMAGE_STATUS);
        int statusMask = 0xffff;
        boolean stack = MemorySegment.mismatch(mine, a + LabCpu.IMAGE_STACK, a + LabCpu.IMAGE_XMM, theirs,
                b + LabCpu.IMAGE_STACK, b + LabCpu.IMAGE_XMM) < 0;
        if (Leeway.transcendental(instance.instruction())) {
            statusMask &= ~Leeway.C1;
            boolean close = Leeway.close(mine, a + LabCpu.IMAGE_STACK, theirs, b + LabCpu.IMAGE_STACK);
            if (close && !stack || ((status ^ theirStatus) & Leeway.C1) != 0) {
                proof.departed(Departure.TRANSCENDENTAL);
            }
            stack |= close;
        }
        same &= same(text, "x87 status", status, theirStatus, statusMask);
        same &= same(text, "x87 tags", mine.get(JAVA_BYTE, a + LabCpu.IMAGE_TAGS), theirs.get(JAVA_BYTE, b + LabCpu.IMAGE_TAGS), 0xff);
        if ((theirStatus & EXCEPTION_SUMMARY) != 0) {
            // AMD's XSAVE shows the pointers only while an exception is pending (APM vol. 3, FXSAVE).
            same &= same(text, "x87 instruction", mine, a, theirs, b, LabCpu.IMAGE_INSTRUCTION);
            same &= same(text, "x87 data", mine, a, theirs, b, LabCpu.IMAGE_DATA);
            same &= same(text, "x87 opcode", mine.get(JAVA_SHORT_UNALIGNED, a + LabCpu.IMAGE_OPCODE),
                    theirs.get(JAVA_SHORT_UNALIGNED, b + LabCpu.IMAGE_OPCODE), 0x7ff);
        }
        if (!stack) {
            same = false;
            for (int i = 0; i < 8 && text != null; i++) {
                long place = LabCpu.IMAGE_STACK + 16 * i;
                same(text, "st" + i, mine, a, theirs, b, place);
                same(text, "st" + i + " sign and exponent", mine, a, theirs, b, place + 8);
            }
        }
        same &= same(text, "mxcsr", mine.get(JAVA_INT_UNALIGNED, a + LabCpu.IMAGE_MXCSR),
                theirs.get(JAVA_INT_UNALIGNED, b + LabCpu.IMAGE_MXCSR), -1);
        same &= vectors("xmm", LabCpu.IMAGE_XMM, instance, mine, a, theirs, b, text);
        same &= vectors("upper ymm", LabCpu.IMAGE_YMM, instance, mine, a, theirs, b, text);
        return same;
    }

    private static boolean vectors(
            String name, int place, LabInstance instance, MemorySegment mine, long a, MemorySegment theirs, long b, StringBuilder text) {
        int size = instance.wide() ? 256 : 128;
        if (MemorySegment.mismatch(mine, a + place, a + place + size, theirs, b + place, b + place + size) < 0) {
            return true;
        }
        for (int i = 0; i < size / 8 && text != null; i++) {
            same(text, name + i / 2 + (i % 2 == 0 ? " low" : " high"), mine, a, theirs, b, place + 8 * i);
        }
        return false;
    }

    private boolean window(
            LabInstance instance, int i, MemorySegment mine, long a, MemorySegment theirs, long b, StringBuilder text) {
        int length = mine.get(JAVA_INT_UNALIGNED, a + CaseLayout.CASE_WINDOW_LENGTH + 4 * i);
        long place = CaseLayout.CASE_WINDOW + (long) CaseLayout.WINDOW_SIZE * i;
        if (length == 0 || MemorySegment.mismatch(mine, a + place, a + place + length, theirs, b + place, b + place + length) < 0) {
            return true;
        }
        Leeway.Bytes leeway = Leeway.bytes(instance.instruction());
        long address = mine.get(JAVA_LONG_UNALIGNED, a + CaseLayout.CASE_WINDOW_ADDRESS + 8 * i);
        boolean same = true;
        for (int k = 0; k < length; k++) {
            byte value = mine.get(JAVA_BYTE, a + place + k);
            byte other = theirs.get(JAVA_BYTE, b + place + k);
            if (value != other && leeway.mayDiffer(value, other)) {
                proof.departed(Departure.MISALIGNED_SSE);
            } else if (value != other) {
                same(text, "memory at %#x".formatted(address + k), value, other, 0xff);
                same = false;
            }
        }
        return same;
    }

    private static boolean same(StringBuilder text, String what, MemorySegment mine, long a, MemorySegment theirs, long b, long place) {
        return same(text, what, mine.get(JAVA_LONG_UNALIGNED, a + place), theirs.get(JAVA_LONG_UNALIGNED, b + place), -1);
    }

    private static boolean same(StringBuilder text, String what, long mine, long theirs, long mask) {
        if (((mine ^ theirs) & mask) == 0) {
            return true;
        }
        if (text != null) {
            text.append("  %s %#x, host %#x%n".formatted(what, mine & mask, theirs & mask));
        }
        return false;
    }
}
