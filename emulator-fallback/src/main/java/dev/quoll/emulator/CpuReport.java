package dev.quoll.emulator;

import dev.quoll.emulator.core.GuestFault;
import dev.quoll.emulator.core.Mode;
import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.machine.Disassembler.CodeBits;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.HexFormat;

/** The text of a failure: what happened, where, the instruction's bytes and meaning, and all registers. */
final class CpuReport {
    private static final String[] NAMES = {
        "RAX", "RCX", "RDX", "RBX", "RSP", "RBP", "RSI", "RDI", "R8 ", "R9 ", "R10", "R11", "R12", "R13", "R14", "R15"
    };
    private static final String[] SEGMENTS = {"ES", "CS", "SS", "DS", "FS", "GS", "LDTR", "TR"};

    private CpuReport() {}

    static String of(EmulatorCpu cpu, String what) {
        StringBuilder text = new StringBuilder(what).append(System.lineSeparator());
        line(text, "at CS:RIP %04x:%016x, CPL %d: %s", cpu.selector[RegisterFile.CS], cpu.rip(), cpu.cpl, code(cpu));
        for (int i = 0; i < 16; i += 4) {
            line(
                    text,
                    "%s %016x  %s %016x  %s %016x  %s %016x",
                    NAMES[i],
                    cpu.get64(StateLayout.gpr(i)),
                    NAMES[i + 1],
                    cpu.get64(StateLayout.gpr(i + 1)),
                    NAMES[i + 2],
                    cpu.get64(StateLayout.gpr(i + 2)),
                    NAMES[i + 3],
                    cpu.get64(StateLayout.gpr(i + 3)));
        }
        line(text, "RFLAGS %08x  CR0 %08x  CR2 %016x  CR3 %x", cpu.rflags(), cpu.cr0, cpu.cr2, cpu.cr3);
        line(text, "CR4 %08x  EFER %x  DR6 %x  DR7 %x", cpu.cr4, cpu.efer, cpu.dr6, cpu.dr7);
        for (int i = 0; i < 8; i++) {
            line(
                    text,
                    "%-4s %04x base %016x limit %08x access %05x",
                    SEGMENTS[i],
                    cpu.selector[i],
                    cpu.segmentBase(i),
                    cpu.limit[i],
                    cpu.access[i]);
        }
        line(text, "GDT %016x:%04x  IDT %016x:%04x", cpu.gdtBase, cpu.gdtLimit, cpu.idtBase, cpu.idtLimit);
        return text.toString().stripTrailing();
    }

    private static void line(StringBuilder text, String format, Object... arguments) {
        text.append(format.formatted(arguments)).append(System.lineSeparator());
    }

    private static String code(EmulatorCpu cpu) {
        long linear = cpu.is64() ? cpu.rip() : cpu.segmentBase(RegisterFile.CS) + cpu.rip() & 0xffffffffL;
        byte[] bytes = new byte[15];
        int count = 0;
        long cr2 = cpu.cr2;
        long rip = cpu.rip();
        try {
            while (count < bytes.length) {
                bytes[count] = (byte) cpu.loadSystem(linear + count, 1);
                count++;
            }
        } catch (GuestFault unreadable) {
            // What was readable is shown; the attempt must not change the state that is about to be reported.
            cpu.cr2 = cr2;
            cpu.setRip(rip);
        }
        if (count == 0) {
            return "the code there cannot be read";
        }
        byte[] readable = java.util.Arrays.copyOf(bytes, count);
        CodeBits bits = switch (Mode.codeSize(cpu.modeBits())) {
            case BITS16 -> CodeBits.BITS_16;
            case BITS32 -> CodeBits.BITS_32;
            case BITS64 -> CodeBits.BITS_64;
        };
        return HexFormat.ofDelimiter(" ").formatHex(readable) + "  "
                + new IntelDisassembler().disassemble(readable, 0, rip, bits).text();
    }

    /** A Java failure with its stack, for a bug report. */
    static String trace(Throwable bug) {
        StringWriter text = new StringWriter();
        StackTraceElement[] stack = bug.getStackTrace();
        try (PrintWriter out = new PrintWriter(text)) {
            out.println(bug);
            for (int i = 0; i < Math.min(stack.length, 12); i++) {
                out.println("    at " + stack[i]);
            }
        }
        return text.toString().stripTrailing();
    }
}
