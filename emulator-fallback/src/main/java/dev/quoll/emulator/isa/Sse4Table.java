package dev.quoll.emulator.isa;

/// SSE4.1, SSE4.2, AES, PCLMULQDQ, SHA and GFNI (SDM vol. 2, tables ).
///
/// The notation is explained at [RowParser].
final class Sse4Table {
    /// Attributes of every row of this table.
    static final String FAMILY = "sse";

    static final String ROWS = """
            # SSE4.1 and SSE4.2
            66 0F 38 10    | PBLENDVB Vdq,Wdq,XMM0 | rw SSE4_1
            66 0F 38 14    | BLENDVPS Vdq,Wdq,XMM0 | rw SSE4_1
            66 0F 38 15    | BLENDVPD Vdq,Wdq,XMM0 | rw SSE4_1
            66 0F 38 17    | PTEST Vdq,Wdq         | r wf=OSZAPC SSE4_1
            66 0F 38 20    | PMOVSXBW Vx,Wh        | SSE4_1
            66 0F 38 21    | PMOVSXBD Vx,Wf        | SSE4_1
            66 0F 38 22    | PMOVSXBQ Vx,We        | SSE4_1
            66 0F 38 23    | PMOVSXWD Vx,Wh        | SSE4_1
            66 0F 38 24    | PMOVSXWQ Vx,Wf        | SSE4_1
            66 0F 38 25    | PMOVSXDQ Vx,Wh        | SSE4_1
            66 0F 38 30    | PMOVZXBW Vx,Wh        | SSE4_1
            66 0F 38 31    | PMOVZXBD Vx,Wf        | SSE4_1
            66 0F 38 32    | PMOVZXBQ Vx,We        | SSE4_1
            66 0F 38 33    | PMOVZXWD Vx,Wh        | SSE4_1
            66 0F 38 34    | PMOVZXWQ Vx,Wf        | SSE4_1
            66 0F 38 35    | PMOVZXDQ Vx,Wh        | SSE4_1
            66 0F 38 2A    | MOVNTDQA Vx,Mx        | SSE4_1
            66 0F 38 28    | PMULDQ Vx,Wx          | rw SSE4_1
            66 0F 38 29    | PCMPEQQ Vx,Wx         | rw SSE4_1
            66 0F 38 2B    | PACKUSDW Vx,Wx        | rw SSE4_1
            66 0F 38 37    | PCMPGTQ Vx,Wx         | rw SSE4_2
            66 0F 38 38    | PMINSB Vx,Wx          | rw SSE4_1
            66 0F 38 39    | PMINSD Vx,Wx          | rw SSE4_1
            66 0F 38 3A    | PMINUW Vx,Wx          | rw SSE4_1
            66 0F 38 3B    | PMINUD Vx,Wx          | rw SSE4_1
            66 0F 38 3C    | PMAXSB Vx,Wx          | rw SSE4_1
            66 0F 38 3D    | PMAXSD Vx,Wx          | rw SSE4_1
            66 0F 38 3E    | PMAXUW Vx,Wx          | rw SSE4_1
            66 0F 38 3F    | PMAXUD Vx,Wx          | rw SSE4_1
            66 0F 38 40    | PMULLD Vx,Wx          | rw SSE4_1
            66 0F 38 41    | PHMINPOSUW Vdq,Wdq    | SSE4_1
            66 0F 3A 08    | ROUNDPS Vx,Wx,Ib      | SSE4_1
            66 0F 3A 09    | ROUNDPD Vx,Wx,Ib      | SSE4_1
            66 0F 3A 0A    | ROUNDSS Vdq,Wd,Ib     | rw SSE4_1
            66 0F 3A 0B    | ROUNDSD Vdq,Wq,Ib     | rw SSE4_1
            66 0F 3A 0C    | BLENDPS Vx,Wx,Ib      | rw SSE4_1
            66 0F 3A 0D    | BLENDPD Vx,Wx,Ib      | rw SSE4_1
            66 0F 3A 0E    | PBLENDW Vx,Wx,Ib      | rw SSE4_1
            66 0F 3A 14    | PEXTRB Rd/Mb,Vdq,Ib   | SSE4_1
            66 0F 3A 15    | PEXTRW Rd/Mw,Vdq,Ib   | SSE4_1
            66 0F 3A 16 W1 | PEXTRQ Eq,Vdq,Ib      | SSE4_1
            66 0F 3A 16 W0 | PEXTRD Ed,Vdq,Ib      | SSE4_1
            66 0F 3A 17    | EXTRACTPS Ed,Vdq,Ib   | SSE4_1
            66 0F 3A 20    | PINSRB Vdq,Rd/Mb,Ib   | rw SSE4_1
            66 0F 3A 21    | INSERTPS Vdq,Wd,Ib    | rw SSE4_1
            66 0F 3A 22 W1 | PINSRQ Vdq,Eq,Ib      | rw SSE4_1
            66 0F 3A 22 W0 | PINSRD Vdq,Ed,Ib      | rw SSE4_1
            66 0F 3A 40    | DPPS Vx,Wx,Ib         | rw SSE4_1
            66 0F 3A 41    | DPPD Vdq,Wdq,Ib       | rw SSE4_1
            66 0F 3A 42    | MPSADBW Vx,Wx,Ib      | rw SSE4_1
            66 0F 3A 60    | PCMPESTRM Vdq,Wdq,Ib  | r wf=OSZAPC SSE4_2 unaligned ir=AD
            66 0F 3A 61    | PCMPESTRI Vdq,Wdq,Ib  | r wf=OSZAPC SSE4_2 unaligned ir=AD iw=C
            66 0F 3A 62    | PCMPISTRM Vdq,Wdq,Ib  | r wf=OSZAPC SSE4_2 unaligned
            66 0F 3A 63    | PCMPISTRI Vdq,Wdq,Ib  | r wf=OSZAPC SSE4_2 unaligned iw=C
            # Cryptography
            66 0F 38 DB | AESIMC Vdq,Wdq             | AES
            66 0F 38 DC | AESENC Vdq,Wdq             | rw AES
            66 0F 38 DD | AESENCLAST Vdq,Wdq         | rw AES
            66 0F 38 DE | AESDEC Vdq,Wdq             | rw AES
            66 0F 38 DF | AESDECLAST Vdq,Wdq         | rw AES
            66 0F 3A DF | AESKEYGENASSIST Vdq,Wdq,Ib | AES
            66 0F 3A 44 | PCLMULQDQ Vdq,Wdq,Ib       | rw PCLMULQDQ
            # AMD's processors (family 19h) take unaligned operands of these; the manuals say #GP
            NP 0F 38 C8 | SHA1NEXTE Vdq,Wdq          | rw SHA unaligned
            NP 0F 38 C9 | SHA1MSG1 Vdq,Wdq           | rw SHA unaligned
            NP 0F 38 CA | SHA1MSG2 Vdq,Wdq           | rw SHA unaligned
            NP 0F 38 CB | SHA256RNDS2 Vdq,Wdq,XMM0   | rw SHA unaligned
            NP 0F 38 CC | SHA256MSG1 Vdq,Wdq         | rw SHA unaligned
            NP 0F 38 CD | SHA256MSG2 Vdq,Wdq         | rw SHA unaligned
            NP 0F 3A CC | SHA1RNDS4 Vdq,Wdq,Ib       | rw SHA unaligned
            66 0F 38 CF | GF2P8MULB Vx,Wx            | rw GFNI
            66 0F 3A CE | GF2P8AFFINEQB Vx,Wx,Ib     | rw GFNI
            66 0F 3A CF | GF2P8AFFINEINVQB Vx,Wx,Ib  | rw GFNI
            """;

    private Sse4Table() {
    }
}
