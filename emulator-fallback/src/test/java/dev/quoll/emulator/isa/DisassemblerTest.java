package dev.quoll.emulator.isa;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DisassemblerTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            BITS64 | 48 8b 05 10 00 00 00    | mov rax,QWORD PTR [rip+0x10] # 0x1017
            BITS64 | 64 48 8b 04 25 28 00 00 00 | mov rax,QWORD PTR fs:0x28
            BITS64 | f0 48 0f b1 0f          | lock cmpxchg QWORD PTR [rdi],rcx
            BITS64 | f3 48 ab                | rep stos QWORD PTR es:[rdi],rax
            BITS64 | 0f 84 fa ff ff ff       | je 0x1000
            BITS64 | 48 0f c7 0f             | cmpxchg16b OWORD PTR [rdi]
            BITS64 | d8 c1                   | fadd st,st(1)
            BITS64 | c5 f5 58 04 cb          | vaddpd ymm0,ymm1,YMMWORD PTR [rbx+rcx*8]
            BITS64 | 0f c2 c1 01             | cmpltps xmm0,xmm1
            BITS64 | c4 e2 f5 92 04 98       | vgatherdpd ymm0,QWORD PTR [rax+xmm3*4],ymm1
            BITS64 | 0f 20 d8                | mov rax,cr3
            BITS32 | ea 78 56 34 12 08 00    | jmp 0x8:0x12345678
            BITS16 | 8b 42 fe                | mov ax,WORD PTR [bp+si-0x2]
            BITS16 | ea 00 7c 00 f0          | jmp 0xf000:0x7c00
            BITS16 | 66 67 8b 04 4b          | mov eax,DWORD PTR [ebx+ecx*2]
            """)
    void text(CodeSize mode, String hex, String text) {
        byte[] code = HexFormat.of().parseHex(hex.replace(" ", ""));
        Instruction instruction = (Instruction) new Decoder(CpuFeature.ALL).decode(code, 0, code.length, mode);
        assertThat(instruction.length()).isEqualTo(code.length);
        assertThat(Disassembler.text(instruction, 0x1000)).isEqualTo(text);
    }
}
