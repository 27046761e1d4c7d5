package dev.quoll.emulator.isa;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DecoderTest {
    private final Decoder decoder = new Decoder(CpuFeature.ALL);

    private Decoded decode(String hex, CodeSize mode) {
        byte[] code = HexFormat.of().parseHex(hex.replace(" ", ""));
        return decoder.decode(code, 0, code.length, mode);
    }

    private Instruction valid(String hex) {
        return (Instruction) decode(hex, CodeSize.BITS64);
    }

    @Test
    void randomBytes() {
        random(50_000);
    }

    @Tag("long")
    @Test
    void manyRandomBytes() {
        random(1_000_000);
    }

    /// Any bytes give an answer; fewer bytes give Truncated and more bytes the same answer.
    private void random(int count) {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        byte[] code = new byte[40];
        for (int i = 0; i < count; i++) {
            random.nextBytes(code);
            if (random.nextBoolean()) {
                code[5] = 0x0f;
            }
            CodeSize mode = CodeSize.values()[random.nextInt(3)];
            String shown = "seed " + seed + ": " + HexFormat.of().formatHex(code, 5, 20) + " " + mode;
            switch (decoder.decode(code, 5, 20, mode)) {
                case Instruction instruction -> {
                    int length = instruction.length();
                    assertThat(length).as(shown).isBetween(1, 15);
                    assertThat(instruction.operands()).as(shown).doesNotContainNull();
                    assertThat(Disassembler.text(instruction, random.nextLong())).as(shown).isNotBlank();
                    assertThat(decoder.decode(code, 5, 5 + length, mode)).as(shown).hasToString(instruction.toString());
                    int part = random.nextInt(length);
                    boolean undefined = instruction.mnemonic() == Mnemonic.UD0 || instruction.mnemonic() == Mnemonic.UD1;
                    assertThat(decoder.decode(code, 5, 5 + part, mode))
                            .as(shown)
                            .isInstanceOfAny(
                                    Decoded.Truncated.class,
                                    // They are what they are as soon as their opcode is there.
                                    undefined ? Decoded.InvalidOpcode.class : Decoded.Truncated.class);
                }
                case Decoded.InvalidOpcode invalid -> assertThat(invalid.length()).as(shown).isBetween(1, 15);
                case Decoded.TooLong tooLong -> assertThat(decoder.decode(code, 5, 19, mode))
                        .as(shown)
                        .isNotEqualTo(tooLong);
                case Decoded.Truncated _ -> throw new AssertionError("15 bytes are enough: " + shown);
            }
        }
    }

    @Test
    void fifteenBytesAreTheLimit() {
        byte[] code = new byte[20];
        Arrays.fill(code, (byte) 0x66);
        code[14] = (byte) 0x90;
        assertThat(decoder.decode(code, 0, 20, CodeSize.BITS64)).isInstanceOf(Instruction.class);
        assertThat(decoder.decode(code, 0, 14, CodeSize.BITS64)).isInstanceOf(Decoded.Truncated.class);
        code[14] = 0x66;
        code[15] = (byte) 0x90;
        assertThat(decoder.decode(code, 0, 20, CodeSize.BITS64)).isInstanceOf(Decoded.TooLong.class);
        assertThat(decoder.decode(code, 0, 15, CodeSize.BITS64)).isInstanceOf(Decoded.TooLong.class);
        // 12 prefixes and mov [rax], imm16: opcode and ModRM fit, the immediate does not.
        code[12] = (byte) 0xc7;
        code[13] = 0x00;
        assertThat(decoder.decode(code, 0, 20, CodeSize.BITS64)).isInstanceOf(Decoded.TooLong.class);
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource(delimiter = '|', textBlock = """
            f0 01 c0        | BITS64 | LOCK with a register destination
            f0 03 00        | BITS64 | LOCK with memory as source only
            f0 8b 00        | BITS64 | LOCK on MOV
            f0 39 00        | BITS64 | LOCK on CMP
            f0 0f a3 00     | BITS64 | LOCK on BT
            f0 90           | BITS64 | LOCK on NOP
            06              | BITS64 | PUSH ES
            27              | BITS64 | DAA
            60              | BITS64 | PUSHA
            62 f1 7c 48 10  | BITS64 | EVEX
            9a 00 00 00 00 00 00 | BITS64 | CALL far direct
            8e c8           | BITS64 | MOV CS
            8c f0           | BITS64 | segment register 6
            0f 20 c8        | BITS64 | CR1
            44 0f 21 c0     | BITS64 | DR8
            66 c5 f8 58 c1  | BITS64 | 66 before VEX
            48 c5 f8 58 c1  | BITS64 | REX before VEX
            c5 f0 77        | BITS64 | VZEROUPPER with VEX.vvvv
            c4 e0 78 58 c1  | BITS64 | VEX map 0
            0f 0f c0 b6     | BITS64 | 3DNow!
            0f c7 c8        | BITS64 | CMPXCHG8B of a register
            8d c0           | BITS64 | LEA of a register
            d9 d1           | BITS64 | reserved x87
            f3 0f 28 c1     | BITS64 | MOVAPS with F3
            0f 04           | BITS64 | no such opcode
            f3 0f ae 00     | BITS64 | RDFSBASE of memory
            f3 0f ae c0     | BITS32 | RDFSBASE in 32-bit code
            0f 01 f8        | BITS32 | SWAPGS in 32-bit code
            """)
    void invalid(String hex, CodeSize mode, String why) {
        assertThat(decode(hex, mode)).as(why).isInstanceOf(Decoded.InvalidOpcode.class);
    }

    @Test
    void vexOutside64BitCodeIsLesAndLdsOfARegister() {
        assertThat(((Instruction) decode("c5 07", CodeSize.BITS32)).mnemonic()).isEqualTo(Mnemonic.LDS);
        assertThat(((Instruction) decode("c4 07", CodeSize.BITS16)).mnemonic()).isEqualTo(Mnemonic.LES);
        Instruction vaddps = (Instruction) decode("c5 f8 58 c1", CodeSize.BITS32);
        assertThat(vaddps.mnemonic()).isEqualTo(Mnemonic.VADDPS);
        assertThat(vaddps.vex()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"f3 0f bc c1", "f3 0f bd c1"})
    void countZerosFallsBackToBitScan(String hex) {
        byte[] code = HexFormat.of().parseHex(hex.replace(" ", ""));
        Mnemonic[] names = code[2] == (byte) 0xbc
                ? new Mnemonic[] {Mnemonic.TZCNT, Mnemonic.BSF}
                : new Mnemonic[] {Mnemonic.LZCNT, Mnemonic.BSR};
        assertThat(valid(hex).mnemonic()).isEqualTo(names[0]);
        Decoder old = new Decoder(CpuFeature.maskOf(CpuFeature.FPU));
        assertThat(((Instruction) old.decode(code, 0, 4, CodeSize.BITS64)).mnemonic()).isEqualTo(names[1]);
    }

    @Test
    void absentFeaturesAreInvalid() {
        Decoder old = new Decoder(CpuFeature.maskOf(CpuFeature.SSE, CpuFeature.SSE2));
        byte[] addps = {0x0f, 0x58, (byte) 0xc1};
        byte[] pshufb = {0x66, 0x0f, 0x38, 0x00, (byte) 0xc1};
        assertThat(old.decode(addps, 0, 3, CodeSize.BITS64)).isInstanceOf(Instruction.class);
        assertThat(old.decode(pshufb, 0, 5, CodeSize.BITS64)).isInstanceOf(Decoded.InvalidOpcode.class);
    }

    @Test
    void rexCountsOnlyBeforeTheOpcode() {
        assertThat(valid("48 66 89 c1").operandSize()).isEqualTo(2);
        assertThat(valid("66 48 89 c1").operandSize()).isEqualTo(8);
    }

    @Test
    void segmentOverridesIn64BitCode() {
        assertThat(valid("64 8b 00").memory().segment()).isEqualTo(Segment.FS);
        // DS after FS does not undo it, and alone does nothing.
        assertThat(valid("64 3e 8b 00").memory().segment()).isEqualTo(Segment.FS);
        assertThat(valid("3e 8b 45 00").memory().segment()).isEqualTo(Segment.SS);
        assertThat(valid("3e 8b 45 00").memory().overridden()).isFalse();
        assertThat(((Instruction) decode("3e 8b 45 00", CodeSize.BITS32)).memory().segment()).isEqualTo(Segment.DS);
    }

    @Test
    void defaultSegments() {
        assertThat(valid("8b 04 24").memory().segment()).isEqualTo(Segment.SS);
        assertThat(valid("41 8b 04 24").memory().segment()).isEqualTo(Segment.DS);
        assertThat(valid("41 8b 45 00").memory().segment()).isEqualTo(Segment.DS);
        assertThat(valid("a4").operand(0)).isEqualTo(new Operand.Memory(Segment.ES, false, 7, -1, 0, 0, 1, 8));
        assertThat(valid("65 a4").operand(1)).isEqualTo(new Operand.Memory(Segment.GS, true, 6, -1, 0, 0, 1, 8));
    }

    @Test
    void immediatesAndTheirSigns() {
        assertThat(valid("83 c0 ff").operand(1)).isEqualTo(new Operand.Immediate(-1, 4));
        assertThat(valid("c0 e0 ff").operand(1)).isEqualTo(new Operand.Immediate(0xff, 1));
        assertThat(valid("48 81 c0 00 00 00 80").operand(1)).isEqualTo(new Operand.Immediate(0xffff_ffff_8000_0000L, 8));
        assertThat(valid("48 b8 01 02 03 04 05 06 07 88").operand(1)).isEqualTo(new Operand.Immediate(0x8807_0605_0403_0201L, 8));
        assertThat(valid("c2 fe ff").operand(0)).isEqualTo(new Operand.Immediate(0xfffe, 2));
        assertThat(valid("eb fe").operand(0)).isEqualTo(new Operand.Relative(-2));
    }

    @Test
    void operandSizes() {
        assertThat(valid("50").operandSize()).isEqualTo(8);
        assertThat(valid("66 50").operandSize()).isEqualTo(2);
        assertThat(valid("cf").operandSize()).isEqualTo(4);
        assertThat(valid("48 cf").operandSize()).isEqualTo(8);
        assertThat(valid("0f 20 c0").operandSize()).isEqualTo(8);
        assertThat(valid("66 0f 20 c0").operandSize()).isEqualTo(8);
        assertThat(((Instruction) decode("0f 20 c0", CodeSize.BITS16)).operandSize()).isEqualTo(4);
        assertThat(valid("66 0f 3a 16 c0 01").operand(0)).isEqualTo(new Operand.Register(RegisterClass.GPR, 0, 4));
        assertThat(valid("8c d8").operand(0)).isEqualTo(new Operand.Register(RegisterClass.GPR, 0, 4));
        assertThat(valid("8c 18").memory().size()).isEqualTo(2);
        assertThat(valid("48 ff 28").memory().size()).isEqualTo(6);
    }

    @Test
    void repeatPrefixes() {
        assertThat(valid("f3 a4").rep()).isEqualTo(Repeat.REP);
        assertThat(valid("f2 a4").rep()).isEqualTo(Repeat.REP);
        assertThat(valid("f2 a6").rep()).isEqualTo(Repeat.REPNE);
        assertThat(valid("f3 a6").rep()).isEqualTo(Repeat.REP);
        assertThat(valid("f3 c3").rep()).isEqualTo(Repeat.NONE);
        assertThat(valid("f3 90").mnemonic()).isEqualTo(Mnemonic.PAUSE);
        assertThat(valid("41 90").mnemonic()).isEqualTo(Mnemonic.XCHG);
        assertThat(valid("90").mnemonic()).isEqualTo(Mnemonic.NOP);
    }

    @Test
    void hintsAreNops() {
        assertThat(valid("f3 0f 1e fa").mnemonic()).isEqualTo(Mnemonic.ENDBR64);
        // RDSSPQ
        assertThat(valid("f3 48 0f 1e c8").mnemonic()).isEqualTo(Mnemonic.NOP);
        assertThat(valid("0f 18 38").mnemonic()).isEqualTo(Mnemonic.NOP);
        assertThat(valid("0f 18 08").mnemonic()).isEqualTo(Mnemonic.PREFETCHT0);
    }

    /// Where AMD's processors do other than the letter of the manuals' encodings, found by [ByteStringTest].
    @Test
    void asProcessorsDo() {
        assertThat(valid("f3 0f 01 d9").mnemonic()).isEqualTo(Mnemonic.VMMCALL);
        assertThat(valid("66 0f 01 f9").mnemonic()).isEqualTo(Mnemonic.RDTSCP);
        assertThat(valid("f2 0f 01 f8").mnemonic()).isEqualTo(Mnemonic.SWAPGS);
        assertThat(valid("c4 e3 7d 00 c0 01").mnemonic()).isEqualTo(Mnemonic.VPERMQ);
        assertThat(decode("c4 e3 f9 16 c0 01", CodeSize.BITS32)).isEqualTo(new Decoded.InvalidOpcode(6));
    }

    /// #UD comes after a fetch fault on any byte that the instruction would have if it existed.
    @ParameterizedTest
    @CsvSource({
        "0f 04, 2, BITS64, 0F without ModRM",
        "0f 38 1a bb 00 00 00 00, 8, BITS64, 0F 38 with ModRM and displacement",
        "0f 3a 1a bb 00 00 00 00 00, 9, BITS64, 0F 3A has an immediate too",
        "62 a1 00 00 00 00, 6, BITS64, BOUND",
        "9a 00 00 00 00 00 00, 7, BITS64, a far pointer",
        "66 9a 00 00 00 00, 6, BITS64, a short far pointer",
        "c7 08 00 00 00 00, 6, BITS32, a group's gap with an immediate",
        "8f ea 78 10 c0 00 00 00 00, 9, BITS32, XOP map 10",
        "40 c4 77 00, 4, BITS64, LES for a REX prefix precedes",
        "66 c4 e2 78 00 80 00 00 00 00, 10, BITS64, VEX after 66",
        "c5 f8 80 00 00 00 00, 7, BITS16, Jcc with VEX",
    })
    void undefinedOpcodesHaveLengths(String hex, int length, CodeSize mode, String what) {
        byte[] code = HexFormat.of().parseHex(hex.replace(" ", ""));
        assertThat(code).as(what).hasSize(length);
        assertThat(decoder.decode(code, 0, length, mode)).as(what).isEqualTo(new Decoded.InvalidOpcode(length));
        assertThat(decoder.decode(code, 0, length - 1, mode)).as(what).isInstanceOf(Decoded.Truncated.class);
    }
}
