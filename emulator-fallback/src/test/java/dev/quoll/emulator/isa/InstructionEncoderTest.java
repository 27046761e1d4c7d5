package dev.quoll.emulator.isa;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class InstructionEncoderTest {

    /// Decoding what was encoded gives the instruction again, for instances of every row.
    @ParameterizedTest
    @EnumSource(CodeSize.class)
    void roundTrip(CodeSize mode) {
        long seed = new Random().nextLong();
        RandomEncoding source = new RandomEncoding(new Random(seed), mode);
        Decoder decoder = new Decoder(CpuFeature.ALL);
        InstructionEncoder encoder = new InstructionEncoder(mode);
        for (OpcodeRow row : OpcodeTable.rows()) {
            for (int i = 0; i < 20; i++) {
                Instruction instruction = source.of(row);
                if (instruction == null) {
                    break;
                }
                byte[] code = encoder.encode(instruction, instruction.operands().toArray(Operand[]::new));
                String shown = "seed " + seed + ": " + instruction + " as " + HexFormat.of().formatHex(code);
                assertThat(decoder.decode(code, 0, code.length, mode)).as(shown).isInstanceOf(Instruction.class);
                Instruction again = (Instruction) decoder.decode(code, 0, code.length, mode);
                assertThat(again.row()).as(shown).isSameAs(row);
                assertThat(again.operands()).as(shown).isEqualTo(instruction.operands());
                assertThat(InstructionEncoder.Shape.of(again)).as(shown).isEqualTo(InstructionEncoder.Shape.of(instruction));
                assertThat(code.length).as(shown).isEqualTo(again.length());
            }
        }
    }

    /// Every row has instances in some code size: none is shadowed by another.
    @Test
    void everyRowCanBeReached() {
        Random random = new Random(1);
        Set<OpcodeRow> missing = new HashSet<>(OpcodeTable.rows());
        for (CodeSize mode : CodeSize.values()) {
            RandomEncoding source = new RandomEncoding(random, mode);
            missing.removeIf(row -> source.of(row) != null);
        }
        List<String> names = new ArrayList<>();
        missing.forEach(row -> names.add(row.encoding()));
        assertThat(names).isEmpty();
    }

    @Test
    void substitutesOperands() {
        Decoder decoder = new Decoder(CpuFeature.ALL);
        // mov rax, [rbx+8]
        byte[] code = {0x48, (byte) 0x8b, 0x43, 0x08};
        Instruction instruction = (Instruction) decoder.decode(code, 0, code.length, CodeSize.BITS64);
        Operand target = new Operand.Register(RegisterClass.GPR, 9, 8);
        Operand source = new Operand.Memory(Segment.GS, true, 12, 13, 2, 0x12345, 8, 8);
        byte[] other = new InstructionEncoder(CodeSize.BITS64).encode(instruction, target, source);
        assertThat(decoder.decode(other, 0, other.length, CodeSize.BITS64))
                .hasToString("mov r9,QWORD PTR gs:[r12+r13*4+0x12345]");
    }

    @Test
    void refusesWhatHasNoEncoding() {
        Decoder decoder = new Decoder(CpuFeature.ALL);
        byte[] code = {(byte) 0x88, (byte) 0xe0};
        Instruction instruction = (Instruction) decoder.decode(code, 0, code.length, CodeSize.BITS64);
        Operand ah = new Operand.Register(RegisterClass.GPR8_HIGH, 0, 1);
        Operand r9b = new Operand.Register(RegisterClass.GPR, 9, 1);
        assertThatThrownBy(() -> new InstructionEncoder(CodeSize.BITS64).encode(instruction, ah, r9b))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
