package dev.quoll.emulator.system;

import static dev.quoll.emulator.system.SystemMachine.CODE32;
import static dev.quoll.emulator.system.SystemMachine.CODE64;
import static dev.quoll.emulator.system.SystemMachine.DATA0;
import static dev.quoll.emulator.system.SystemMachine.FREE;
import static dev.quoll.emulator.system.SystemMachine.GDT;
import static dev.quoll.emulator.system.SystemMachine.HANDLERS;
import static dev.quoll.emulator.system.SystemMachine.TEXT;
import static dev.quoll.emulator.system.SystemMachine.TSS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.CodeSize;
import dev.quoll.emulator.isa.CpuFeature;
import dev.quoll.emulator.isa.Decoded;
import dev.quoll.emulator.isa.Decoder;
import dev.quoll.emulator.isa.Flags;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.OpcodeRow;
import dev.quoll.emulator.isa.OpcodeTable;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every system instruction in every mode and at every privilege level: does it run, or which exception comes? The
 * expectations are the exception lists of APM vol. 3 (SDM vol. 2 where that is silent), not the opcode table's attributes.
 */
class PrivilegeTest {
    /** Where a column of {@link #EXPECTED} runs. */
    private enum Place {
        REAL,
        VIRTUAL,
        PROTECTED0,
        PROTECTED1,
        PROTECTED2,
        PROTECTED3,
        LONG0,
        LONG1,
        LONG2,
        LONG3;

        SystemMachine machine() {
            return switch (this) {
                case REAL -> SystemMachine.real();
                case VIRTUAL -> SystemMachine.virtualMode();
                case PROTECTED0, PROTECTED1, PROTECTED2, PROTECTED3 ->
                    SystemMachine.protectedMode(ordinal() - PROTECTED0.ordinal());
                default -> SystemMachine.longMode(ordinal() - LONG0.ordinal());
            };
        }

        boolean longMode() {
            return ordinal() >= LONG0.ordinal();
        }
    }

    private static final int[] VECTORS = {1, 6, 7, 10, 11, 12, 13, 14};

    /**
     * Instruction, bytes (memory operands are [BX] or [RBX]), settings, and one letter for each {@link Place}: a dot for
     * "runs", U for #UD, G for #GP(0).
     */
    private static final String EXPECTED =
            """
            LGDT     | 0F 01 17    |          | .G .GGG .GGG
            LIDT     | 0F 01 1F    |          | .G .GGG .GGG
            SGDT     | 0F 01 07    |          | .. .... ....
            SGDT     | 0F 01 07    | umip     | .G .GGG .GGG
            SIDT     | 0F 01 0F    |          | .. .... ....
            SIDT     | 0F 01 0F    | umip     | .G .GGG .GGG
            SLDT     | 0F 00 C0    |          | UU .... ....
            SLDT     | 0F 00 07    |          | UU .... ....
            SLDT     | 0F 00 C0    | umip     | UU .GGG .GGG
            STR      | 0F 00 C8    |          | UU .... ....
            STR      | 0F 00 C8    | umip     | UU .GGG .GGG
            LLDT     | 0F 00 D0    |          | UU .GGG .GGG
            LTR      | 0F 00 D8    | task     | UU .GGG .GGG
            VERR     | 0F 00 E0    |          | UU .... ....
            VERW     | 0F 00 E8    |          | UU .... ....
            LAR      | 0F 02 C0    |          | UU .... ....
            LSL      | 0F 03 C0    |          | UU .... ....
            ARPL     | 63 C0       |          | UU .... ....
            SMSW     | 0F 01 E0    |          | .. .... ....
            SMSW     | 0F 01 E0    | umip     | .G .GGG .GGG
            LMSW     | 0F 01 F0    | cr0      | .G .GGG .GGG
            INVLPG   | 0F 01 3F    |          | .G .GGG .GGG
            MOV      | 0F 20 C0    |          | .G .GGG .GGG
            MOV      | 0F 20 D0    |          | .G .GGG .GGG
            MOV      | 0F 20 D8    |          | .G .GGG .GGG
            MOV      | 0F 20 E0    |          | .G .GGG .GGG
            MOV      | 0F 22 C0    | cr0      | .G .GGG .GGG
            MOV      | 0F 22 D0    |          | .G .GGG .GGG
            MOV      | 0F 22 D8    | cr3      | .G .GGG .GGG
            MOV      | 0F 22 E0    | cr4      | .G .GGG .GGG
            MOV      | 0F 20 C8    |          | UU UUUU UUUU
            MOV      | 0F 20 E8    |          | UU UUUU UUUU
            MOV      | 0F 22 F0    |          | UU UUUU UUUU
            MOV      | 0F 22 F8    |          | UU UUUU UUUU
            MOV      | 0F 21 C0    |          | .G .GGG .GGG
            MOV      | 0F 21 F8    |          | .G .GGG .GGG
            MOV      | 0F 23 D8    |          | .G .GGG .GGG
            MOV      | 0F 23 F0    |          | .G .GGG .GGG
            MOV      | 0F 21 E0    |          | .G .GGG .GGG
            MOV      | 0F 21 E0    | de       | UG UGGG UGGG
            CLTS     | 0F 06       |          | .G .GGG .GGG
            INVD     | 0F 08       |          | .G .GGG .GGG
            WBINVD   | 0F 09       |          | .G .GGG .GGG
            HLT      | F4          |          | .G .GGG .GGG
            RDMSR    | 0F 32       | msr      | .G .GGG .GGG
            WRMSR    | 0F 30       | msr      | .G .GGG .GGG
            RDPMC    | 0F 33       |          | GG GGGG GGGG
            RDTSC    | 0F 31       |          | .. .... ....
            RDTSC    | 0F 31       | tsd      | .G .GGG .GGG
            RDTSCP   | 0F 01 F9    |          | .. .... ....
            RDTSCP   | 0F 01 F9    | tsd      | .G .GGG .GGG
            RDPID    | F3 0F C7 F8 |          | .. .... ....
            RDRAND   | 0F C7 F0    |          | .. .... ....
            RDSEED   | 0F C7 F8    |          | .. .... ....
            MONITOR  | 0F 01 C8    |          | .U .UUU .UUU
            MWAIT    | 0F 01 C9    |          | .U .UUU .UUU
            CLAC     | 0F 01 CA    |          | .U .UUU .UUU
            STAC     | 0F 01 CB    |          | .U .UUU .UUU
            XGETBV   | 0F 01 D0    |          | UU UUUU UUUU
            XGETBV   | 0F 01 D0    | xsave    | .. .... ....
            XSETBV   | 0F 01 D1    |          | UU UUUU UUUU
            XSETBV   | 0F 01 D1    | xsave    | .G .GGG .GGG
            VMCALL   | 0F 01 C1    |          | .. .... ....
            VMMCALL  | 0F 01 D9    |          | .. .... ....
            SERIALIZE| 0F 01 E8    |          | .. .... ....
            SWAPGS   | 0F 01 F8    |          | UU UUUU .GGG
            RDFSBASE | F3 0F AE C0 |          | UU UUUU UUUU
            RDFSBASE | F3 0F AE C0 | fsgsbase | UU UUUU ....
            RDGSBASE | F3 0F AE C8 | fsgsbase | UU UUUU ....
            WRFSBASE | F3 0F AE D0 | fsgsbase | UU UUUU ....
            WRGSBASE | F3 0F AE D8 |          | UU UUUU UUUU
            WRGSBASE | F3 0F AE D8 | fsgsbase | UU UUUU ....
            SYSCALL  | 0F 05       |          | UU UUUU UUUU
            SYSCALL  | 0F 05       | sce      | UU .... ....
            SYSRET   | 0F 07       |          | UU UUUU UUUU
            SYSRET   | 0F 07       | sce      | GG .GGG .GGG
            SYSENTER | 0F 34       | enter    | G. .... UUUU
            SYSENTER | 0F 34       |          | GG GGGG UUUU
            SYSEXIT  | 0F 35       | enter    | GG .GGG UUUU
            SYSEXIT  | 0F 35       |          | GG GGGG UUUU
            RSM      | 0F AA       |          | UU UUUU UUUU
            UD0      | 0F FF C0    |          | UU UUUU UUUU
            UD1      | 0F B9 C0    |          | UU UUUU UUUU
            UD2      | 0F 0B       |          | UU UUUU UUUU
            IN       | E4 60       |          | .G .GGG .GGG
            IN       | E5 60       | iopl3    | .G .... ....
            IN       | EC          | iopl1    | .G ..GG ..GG
            IN       | ED          |          | .G .GGG .GGG
            OUT      | E6 60       |          | .G .GGG .GGG
            OUT      | E7 60       | iopl3    | .G .... ....
            OUT      | EE          | iopl2    | .G ...G ...G
            OUT      | EF          |          | .G .GGG .GGG
            INS      | 6C          |          | .G .GGG .GGG
            INS      | 6D          | iopl3    | .G .... ....
            OUTS     | 6E          |          | .G .GGG .GGG
            OUTS     | 6F          | iopl3    | .G .... ....
            CLI      | FA          |          | .G .GGG .GGG
            CLI      | FA          | iopl2    | .G ...G ...G
            CLI      | FA          | iopl3    | .. .... ....
            STI      | FB          |          | .G .GGG .GGG
            STI      | FB          | iopl1    | .G ..GG ..GG
            STI      | FB          | iopl3    | .. .... ....
            CLI      | FA          | pvi      | .G .GG. .GG.
            CLI      | FA          | vme      | .. .GGG .GGG
            PUSHF    | 9C          |          | .G .... ....
            PUSHF    | 9C          | iopl3    | .. .... ....
            PUSHF    | 9C          | vme      | .. .... ....
            POPF     | 9D          |          | .G .... ....
            POPF     | 9D          | iopl3    | .. .... ....
            POPF     | 66 9D       | vme      | .G .... ....
            INVPCID  | 66 0F 38 82 07 |       | .G .GGG .GGG
            CPUID    | 0F A2       |          | .. .... ....
            PAUSE    | F3 90       |          | .. .... ....
            LFENCE   | 0F AE E8    |          | .. .... ....
            CLFLUSH  | 0F AE 3F    |          | .. .... ....
            CLFLUSHOPT | 66 0F AE 3F |        | .. .... ....
            CLWB     | 66 0F AE 37 |          | .. .... ....
            """;

    private record Case(String mnemonic, byte[] bytes, String setting, String letters) {
        @Override
        public String toString() {
            return mnemonic + " " + HexFormat.ofDelimiter(" ").withUpperCase().formatHex(bytes)
                    + (setting.isEmpty() ? "" : ", " + setting);
        }
    }

    private static List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (String line : EXPECTED.lines().toList()) {
            String[] cells = line.split("\\|");
            cases.add(new Case(
                    cells[0].strip(),
                    HexFormat.ofDelimiter(" ").parseHex(cells[1].strip()),
                    cells[2].strip(),
                    cells[3].replace(" ", "")));
        }
        return cases;
    }

    private static Consumer<SystemMachine> setting(String name) {
        return switch (name) {
            case "" -> m -> {};
            case "umip" -> m -> m.cr4 |= ControlBits.CR4_UMIP;
            case "de" -> m -> m.cr4 |= ControlBits.CR4_DE;
            case "tsd" -> m -> m.cr4 |= ControlBits.CR4_TSD;
            case "vme" -> m -> m.cr4 |= ControlBits.CR4_VME;
            case "pvi" -> m -> m.cr4 |= ControlBits.CR4_PVI;
            case "xsave" -> m -> {
                m.cr4 |= ControlBits.CR4_OSXSAVE;
                m.set64(StateLayout.RAX, 1);
            };
            case "fsgsbase" -> m -> m.cr4 |= ControlBits.CR4_FSGSBASE;
            case "sce" -> m -> {
                m.efer |= ControlBits.EFER_SCE;
                m.star = (long) CODE64 << 32 | (long) (SystemMachine.USER_CODE32 | 3) << 48 | TEXT + 0x100;
                m.lstar = TEXT + 0x100;
                m.set64(StateLayout.RCX, TEXT + 0x100);
            };
            case "enter" -> m -> m.sysenterCs = CODE32;
            case "task" -> m -> {
                m.descriptor(FREE, TSS, 0x67, 0x89, 0);
                m.memory.writeLong(GDT + FREE + 8, 0);
                m.set64(StateLayout.RAX, FREE);
            };
            case "cr0" -> m -> m.set64(StateLayout.RAX, m.cr0);
            case "cr3" -> m -> m.set64(StateLayout.RAX, m.cr3);
            case "cr4" -> m -> m.set64(StateLayout.RAX, m.cr4);
            case "msr" -> m -> m.set64(StateLayout.RCX, 0x10);
            case "iopl1" -> m -> m.setFlag(1 << 12, true);
            case "iopl2" -> m -> m.setFlag(1 << 13, true);
            case "iopl3" -> m -> m.setFlag(Flags.IOPL, true);
            default -> throw new AssertionError("no setting " + name);
        };
    }

    private static void prepare(SystemMachine m, Place place) {
        for (int vector : VECTORS) {
            switch (place) {
                case REAL -> {
                    m.handler(vector);
                    m.memory.writeInt(4L * vector, (int) (HANDLERS >> 4) << 16 | 16 * vector);
                }
                case LONG0, LONG1, LONG2, LONG3 -> m.longGate(vector, 0x8e, 0);
                default -> m.legacyGate(vector, CODE32, 0x8e);
            }
        }
        m.efer &= ~ControlBits.EFER_SCE;
        m.set64(StateLayout.RBX, 0x2800);
        m.set64(StateLayout.RDX, 0);
        m.set64(StateLayout.RSI, 0x2800);
        m.set64(StateLayout.RDI, 0x2800);
        // No I/O permission bitmap.
        m.memory.writeShort(TSS + 0x66, (short) 0xffff);
        // Popped flags keep IOPL and VM as they are; what LGDT and INVPCID read is all zero.
        m.memory.writeLong(m.rsp(), 2);
        m.memory.writeLong(0x2800, 0);
        m.memory.writeLong(0x2808, 0);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void everySystemInstructionEverywhere(Case each) {
        StringBuilder seen = new StringBuilder();
        for (Place place : Place.values()) {
            try (SystemMachine m = place.machine()) {
                prepare(m, place);
                setting(each.setting).accept(m);
                m.updateMode();
                m.flushAll();
                m.memory.write(TEXT, each.bytes);
                m.memory.write(TEXT + each.bytes.length, new byte[] {(byte) 0x90, (byte) 0x90});
                m.step();
                seen.append(outcome(m, place));
            }
        }
        assertThat(seen.toString()).isEqualTo(each.letters);
    }

    /** What came of the step. */
    private static char outcome(SystemMachine m, Place place) {
        assertThat(m.shutdown).as("%s", place).isNull();
        long linear = m.is64() ? m.rip() : m.segmentBase(RegisterFile.CS) + m.rip();
        for (int vector : VECTORS) {
            if (linear != HANDLERS + 16 * vector) {
                continue;
            }
            if (vector >= 10 && place != Place.REAL) {
                long error = place.longMode() ? m.memory.readLong(m.rsp()) : m.memory.readInt(m.rsp());
                assertThat(error).as("error code of vector %d, %s", vector, place).isZero();
            }
            return switch (vector) {
                case 6 -> 'U';
                case 7 -> 'N';
                case 13 -> 'G';
                default -> (char) ('0' + vector);
            };
        }
        return '.';
    }

    /** Whoever adds a row with a privilege to the opcode table has to say here what the manual says. */
    @Test
    void everyRowWithAPrivilegeIsInTheTable() {
        Decoder decoder = new Decoder(CpuFeature.ALL);
        Set<OpcodeRow> tried = new HashSet<>();
        for (Case each : cases()) {
            for (CodeSize size : CodeSize.values()) {
                Decoded decoded = decoder.decode(each.bytes, 0, each.bytes.length, size);
                if (decoded instanceof Instruction instruction) {
                    tried.add(instruction.row());
                }
            }
        }
        for (OpcodeRow row : OpcodeTable.rows()) {
            boolean restricted = row.has(Attribute.PRIVILEGED)
                    || row.has(Attribute.PROTECTED_MODE)
                    || row.has(Attribute.IO);
            if (restricted && !row.has(Attribute.XSAVE)) {
                assertThat(tried).as(row.encoding() + " " + row.mnemonic()).contains(row);
            }
        }
    }

    /** The bitmap opens single ports where IOPL does not; a port is open when all its bytes are. */
    @Test
    void permissionBitmapOpensPorts() {
        for (Place place : new Place[] {Place.VIRTUAL, Place.PROTECTED3, Place.PROTECTED1, Place.LONG3}) {
            int[][] cases = {{1, 0x3c, 1}, {2, 0x3e, 1}, {2, 0x3f, 0}, {4, 0x3c, 1}, {4, 0x3d, 0}, {1, 0x40, 0}, {1, 0xffff, 0}};
            for (int[] each : cases) {
                try (SystemMachine m = place.machine()) {
                    prepare(m, place);
                    m.memory.writeShort(TSS + 0x66, (short) 0x68);
                    m.memory.writeByte(TSS + 0x68 + 8, (byte) 0xff);
                    m.limit[RegisterFile.TR] = 0x68 + 0x1fff;
                    m.set64(StateLayout.RDX, each[1]);
                    boolean prefix = each[0] == 2 != (place == Place.VIRTUAL) && each[0] != 1;
                    m.code(prefix ? 0x66 : 0x90, each[0] == 1 ? 0xec : 0xed, 0x90);
                    m.setRip(m.rip() + (prefix ? 0 : 1));
                    m.step();
                    assertThat(outcome(m, place))
                            .as("%s, %d bytes at %x", place, each[0], each[1])
                            .isEqualTo(each[2] == 1 ? '.' : 'G');
                }
            }
        }
    }
}
