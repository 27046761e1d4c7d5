package dev.quoll.emulator.isa;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HexFormat;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AssemblerTest {
    private final Assembler assembler = new Assembler(CodeSize.BITS64, Map.of("x", 0x1234L));

    private String bytes(String source) {
        return HexFormat.of().formatHex(assembler.assemble(0x1000, source).code());
    }

    @Test
    void encodesWhatGuestsOfTheseTestsUse() {
        assertThat(bytes("MOV EAX,[R8+RSI]")).isEqualTo("418b0430");
        assertThat(bytes("MOV DWORD [R8+RSI+4],1")).isEqualTo("41c744300401000000");
        assertThat(bytes("LOCK XADD [R8+RSI],EDX")).isEqualTo("f0410fc11430");
        assertThat(bytes("LOCK CMPXCHG16B [RDI]")).isEqualTo("f0480fc70f");
        assertThat(bytes("MOV R9,0x123456789a")).isEqualTo("49b99a78563412000000");
        assertThat(bytes("MOV AX,[x]")).isEqualTo("668b042534120000");
        assertThat(bytes("MOV CR3,RAX")).isEqualTo("0f22d8");
        assertThat(bytes("MOV BYTE [RDI],0xcc")).isEqualTo("c607cc");
        assertThat(bytes("MFENCE; CLI; HLT; INT3; IRETQ; RDTSC")).isEqualTo("0faef0faf4cc48cf0f31");
        assertThat(bytes("again: \n DEC RCX\n JNZ again")).isEqualTo("48ffc90f85f7ffffff");
        assertThat(bytes("JMP over\n NOP\n over: \n CALL over")).isEqualTo("e90100000090e8fbffffff");
        assertThat(bytes("OUT DX,AL; OUT 0xf4,AL; WRMSR; INVLPG [RDI]")).isEqualTo("eee6f40f300f013f");
    }

    @Test
    void encodesStringsSegmentsAndData() {
        assertThat(bytes("REP STOSQ; REP MOVSB; REPNE SCASB; LODSD; OUTSB")).isEqualTo("f348abf3a4f2aead6e");
        assertThat(bytes("MOV DS,AX; MOV RAX,GS:[8]; MOV DR7,RAX")).isEqualTo("8ed8 65488b042508000000 0f23f8".replace(" ", ""));
        assertThat(bytes("FADD ST(0),ST(1); MOV AH,3; VPADDB YMM0,YMM1,YMM2")).isEqualTo("d8c1b403c5f5fcc2");
        assertThat(bytes("DB 1,2; DW 0x304; DQ x; SPACE 2; DB \"AZ\"")).isEqualTo("0102040334120000000000000000415a");
    }

    @Test
    void labelsMayStandBeforeTheirPlace() {
        assertThat(bytes("MOV RAX,after; MOV [after],AL; after: ; DQ after"))
                .isEqualTo("48c7c00e100000880425 0e100000 0e10000000000000".replace(" ", ""));
    }

    @Test
    void realModeCodeHasItsOwnSizes() {
        Assembler real = new Assembler(CodeSize.BITS16, Map.of());
        assertThat(HexFormat.of().formatHex(
                        real.assemble(0x1000, "again: ; MOV SI,text; LODSB; MOV EAX,1; JNZ again; JMP 0xf000:0x10; text: ; DB 0")
                                .code()))
                .isEqualTo("be1310ac66b8010000000f85f2ffea100000f000");
    }

    @Test
    void refusesWhatDoesNotExist() {
        assertThatThrownBy(() -> bytes("MOV [R8],[R9]")).hasMessageContaining("no encoding of: MOV [R8],[R9]");
        assertThatThrownBy(() -> bytes("MOV RAX,nowhere")).hasMessageContaining("neither a label nor a constant nowhere");
        assertThatThrownBy(() -> bytes("a: ; a: ")).hasMessageContaining("twice");
        assertThatThrownBy(() -> bytes("LOCK MOV [R8],EAX")).hasMessageContaining("no encoding");
    }
}
