package dev.quoll.emulator.isa;

/// VEX-coded forms of the SSE instructions (SDM vol. 2, tables ).
///
/// The notation is explained at [RowParser].
final class VexTable {
    /// Attributes of every row of this table.
    static final String FAMILY = "AVX avx vex";

    static final String ROWS = """
            # Moves, shuffles and logic
            VEX NP 0F 10        | VMOVUPS Vx,Wx        | x4
            VEX NP 0F 11        | VMOVUPS Wx,Vx        | x4
            VEX NP 0F 28        | VMOVAPS Vx,Wx        | x1 align
            VEX NP 0F 29        | VMOVAPS Wx,Vx        | x1 align
            VEX 66 0F 10        | VMOVUPD Vx,Wx        | x4
            VEX 66 0F 11        | VMOVUPD Wx,Vx        | x4
            VEX 66 0F 28        | VMOVAPD Vx,Wx        | x1 align
            VEX 66 0F 29        | VMOVAPD Wx,Vx        | x1 align
            VEX F3 0F 10 mem    | VMOVSS Vdq,Md        | x5
            VEX F3 0F 10 reg    | VMOVSS Vdq,Hdq,Ud    | x5
            VEX F3 0F 11 mem    | VMOVSS Md,Vdq        | x5
            VEX F3 0F 11 reg    | VMOVSS Ud,Hdq,Vdq    | x5
            VEX F2 0F 10 mem    | VMOVSD Vdq,Mq        | x5
            VEX F2 0F 10 reg    | VMOVSD Vdq,Hdq,Uq    | x5
            VEX F2 0F 11 mem    | VMOVSD Mq,Vdq        | x5
            VEX F2 0F 11 reg    | VMOVSD Uq,Hdq,Vdq    | x5
            VEX L0 NP 0F 12 mem | VMOVLPS Vdq,Hdq,Mq   | x5
            VEX L0 NP 0F 12 reg | VMOVHLPS Vdq,Hdq,Udq | x7
            VEX L0 66 0F 12     | VMOVLPD Vdq,Hdq,Mq   | x5
            VEX L0 NP 0F 13     | VMOVLPS Mq,Vdq       | x5
            VEX L0 66 0F 13     | VMOVLPD Mq,Vdq       | x5
            VEX L0 NP 0F 16 mem | VMOVHPS Vdq,Hdq,Mq   | x5
            VEX L0 NP 0F 16 reg | VMOVLHPS Vdq,Hdq,Udq | x7
            VEX L0 66 0F 16     | VMOVHPD Vdq,Hdq,Mq   | x5
            VEX L0 NP 0F 17     | VMOVHPS Mq,Vdq       | x5
            VEX L0 66 0F 17     | VMOVHPD Mq,Vdq       | x5
            VEX L0 F2 0F 12     | VMOVDDUP Vx,Wq       | x5
            VEX L1 F2 0F 12     | VMOVDDUP Vx,Wx       | x4
            VEX F3 0F 12        | VMOVSLDUP Vx,Wx      | x4
            VEX F3 0F 16        | VMOVSHDUP Vx,Wx      | x4
            VEX NP 0F 14        | VUNPCKLPS Vx,Hx,Wx   | x4
            VEX NP 0F 15        | VUNPCKHPS Vx,Hx,Wx   | x4
            VEX NP 0F 2B        | VMOVNTPS Mx,Vx       | x1 align
            VEX NP 0F 50        | VMOVMSKPS Gd,Ux      | x7
            VEX NP 0F C6        | VSHUFPS Vx,Hx,Wx,Ib  | x4
            VEX NP 0F 54        | VANDPS Vx,Hx,Wx      | x4
            VEX NP 0F 55        | VANDNPS Vx,Hx,Wx     | x4
            VEX NP 0F 56        | VORPS Vx,Hx,Wx       | x4
            VEX NP 0F 57        | VXORPS Vx,Hx,Wx      | x4
            VEX 66 0F 14        | VUNPCKLPD Vx,Hx,Wx   | x4
            VEX 66 0F 15        | VUNPCKHPD Vx,Hx,Wx   | x4
            VEX 66 0F 2B        | VMOVNTPD Mx,Vx       | x1 align
            VEX 66 0F 50        | VMOVMSKPD Gd,Ux      | x7
            VEX 66 0F C6        | VSHUFPD Vx,Hx,Wx,Ib  | x4
            VEX 66 0F 54        | VANDPD Vx,Hx,Wx      | x4
            VEX 66 0F 55        | VANDNPD Vx,Hx,Wx     | x4
            VEX 66 0F 56        | VORPD Vx,Hx,Wx       | x4
            VEX 66 0F 57        | VXORPD Vx,Hx,Wx      | x4
            # Arithmetic and compares
            VEX NP 0F 58 | VADDPS Vx,Hx,Wx      | x2
            VEX 66 0F 58 | VADDPD Vx,Hx,Wx      | x2
            VEX F3 0F 58 | VADDSS Vdq,Hdq,Wd    | x3
            VEX F2 0F 58 | VADDSD Vdq,Hdq,Wq    | x3
            VEX NP 0F 59 | VMULPS Vx,Hx,Wx      | x2
            VEX 66 0F 59 | VMULPD Vx,Hx,Wx      | x2
            VEX F3 0F 59 | VMULSS Vdq,Hdq,Wd    | x3
            VEX F2 0F 59 | VMULSD Vdq,Hdq,Wq    | x3
            VEX NP 0F 5C | VSUBPS Vx,Hx,Wx      | x2
            VEX 66 0F 5C | VSUBPD Vx,Hx,Wx      | x2
            VEX F3 0F 5C | VSUBSS Vdq,Hdq,Wd    | x3
            VEX F2 0F 5C | VSUBSD Vdq,Hdq,Wq    | x3
            VEX NP 0F 5D | VMINPS Vx,Hx,Wx      | x2
            VEX 66 0F 5D | VMINPD Vx,Hx,Wx      | x2
            VEX F3 0F 5D | VMINSS Vdq,Hdq,Wd    | x3
            VEX F2 0F 5D | VMINSD Vdq,Hdq,Wq    | x3
            VEX NP 0F 5E | VDIVPS Vx,Hx,Wx      | x2
            VEX 66 0F 5E | VDIVPD Vx,Hx,Wx      | x2
            VEX F3 0F 5E | VDIVSS Vdq,Hdq,Wd    | x3
            VEX F2 0F 5E | VDIVSD Vdq,Hdq,Wq    | x3
            VEX NP 0F 5F | VMAXPS Vx,Hx,Wx      | x2
            VEX 66 0F 5F | VMAXPD Vx,Hx,Wx      | x2
            VEX F3 0F 5F | VMAXSS Vdq,Hdq,Wd    | x3
            VEX F2 0F 5F | VMAXSD Vdq,Hdq,Wq    | x3
            VEX NP 0F 51 | VSQRTPS Vx,Wx        | x2
            VEX 66 0F 51 | VSQRTPD Vx,Wx        | x2
            VEX F3 0F 51 | VSQRTSS Vdq,Hdq,Wd   | x3
            VEX F2 0F 51 | VSQRTSD Vdq,Hdq,Wq   | x3
            VEX NP 0F 52 | VRSQRTPS Vx,Wx       | x4
            VEX F3 0F 52 | VRSQRTSS Vdq,Hdq,Wd  | x5
            VEX NP 0F 53 | VRCPPS Vx,Wx         | x4
            VEX F3 0F 53 | VRCPSS Vdq,Hdq,Wd    | x5
            VEX NP 0F C2 | VCMPPS Vx,Hx,Wx,Ib   | x2
            VEX 66 0F C2 | VCMPPD Vx,Hx,Wx,Ib   | x2
            VEX F3 0F C2 | VCMPSS Vdq,Hdq,Wd,Ib | x3
            VEX F2 0F C2 | VCMPSD Vdq,Hdq,Wq,Ib | x3
            VEX NP 0F 2E | VUCOMISS Vdq,Wd      | r wf=OSZAPC x3
            VEX NP 0F 2F | VCOMISS Vdq,Wd       | r wf=OSZAPC x3
            VEX 66 0F 2E | VUCOMISD Vdq,Wq      | r wf=OSZAPC x3
            VEX 66 0F 2F | VCOMISD Vdq,Wq       | r wf=OSZAPC x3
            VEX 66 0F 7C | VHADDPD Vx,Hx,Wx     | x2
            VEX 66 0F 7D | VHSUBPD Vx,Hx,Wx     | x2
            VEX 66 0F D0 | VADDSUBPD Vx,Hx,Wx   | x2
            VEX F2 0F 7C | VHADDPS Vx,Hx,Wx     | x2
            VEX F2 0F 7D | VHSUBPS Vx,Hx,Wx     | x2
            VEX F2 0F D0 | VADDSUBPS Vx,Hx,Wx   | x2
            # Conversions
            VEX F3 0F 2A | VCVTSI2SS Vdq,Hdq,Ey | x3
            VEX F3 0F 2C | VCVTTSS2SI Gy,Wd     | x3
            VEX F3 0F 2D | VCVTSS2SI Gy,Wd      | x3
            VEX F2 0F 2A | VCVTSI2SD Vdq,Hdq,Ey | x3
            VEX F2 0F 2C | VCVTTSD2SI Gy,Wq     | x3
            VEX F2 0F 2D | VCVTSD2SI Gy,Wq      | x3
            VEX NP 0F 5A | VCVTPS2PD Vx,Wh      | x3
            VEX 66 0F 5A | VCVTPD2PS Vdq,Wx     | x2
            VEX F3 0F 5A | VCVTSS2SD Vdq,Hdq,Wd | x3
            VEX F2 0F 5A | VCVTSD2SS Vdq,Hdq,Wq | x3
            VEX NP 0F 5B | VCVTDQ2PS Vx,Wx      | x2
            VEX 66 0F 5B | VCVTPS2DQ Vx,Wx      | x2
            VEX F3 0F 5B | VCVTTPS2DQ Vx,Wx     | x2
            VEX 66 0F E6 | VCVTTPD2DQ Vdq,Wx    | x2
            VEX F2 0F E6 | VCVTPD2DQ Vdq,Wx     | x2
            VEX F3 0F E6 | VCVTDQ2PD Vx,Wh      | x5
            # Integer moves
            VEX L0 66 0F 6E W1 m64 | VMOVQ Vdq,Eq             | x5
            VEX L0 66 0F 6E        | VMOVD Vdq,Ed             | x5
            VEX L0 66 0F 7E W1 m64 | VMOVQ Eq,Vdq             | x5
            VEX L0 66 0F 7E        | VMOVD Ed,Vdq             | x5
            VEX L0 F3 0F 7E        | VMOVQ Vdq,Wq             | x5
            VEX L0 66 0F D6        | VMOVQ Wq,Vdq             | x5
            VEX 66 0F 6F           | VMOVDQA Vx,Wx            | x1 align
            VEX 66 0F 7F           | VMOVDQA Wx,Vx            | x1 align
            VEX F3 0F 6F           | VMOVDQU Vx,Wx            | x4
            VEX F3 0F 7F           | VMOVDQU Wx,Vx            | x4
            VEX F2 0F F0           | VLDDQU Vx,Mx             | x4
            VEX 66 0F E7           | VMOVNTDQ Mx,Vx           | x1 align
            VEX L0 66 0F F7        | VMASKMOVDQU Vdq,Udq      | r x4 ir=J
            VEX L0 66 0F 70        | VPSHUFD Vx,Wx,Ib         | x4
            VEX L1 66 0F 70        | VPSHUFD Vx,Wx,Ib         | x4 AVX2
            VEX L0 F3 0F 70        | VPSHUFHW Vx,Wx,Ib        | x4
            VEX L1 F3 0F 70        | VPSHUFHW Vx,Wx,Ib        | x4 AVX2
            VEX L0 F2 0F 70        | VPSHUFLW Vx,Wx,Ib        | x4
            VEX L1 F2 0F 70        | VPSHUFLW Vx,Wx,Ib        | x4 AVX2
            VEX L0 66 0F C4        | VPINSRW Vdq,Hdq,Rd/Mw,Ib | x5
            VEX L0 66 0F C5        | VPEXTRW Gd,Udq,Ib        | x5
            VEX L0 66 0F D7        | VPMOVMSKB Gd,Ux          | x7
            VEX L1 66 0F D7        | VPMOVMSKB Gd,Ux          | x7 AVX2
            # Integer arithmetic
            VEX L0 66 0F 60    | VPUNPCKLBW Vx,Hx,Wx  | x4
            VEX L1 66 0F 60    | VPUNPCKLBW Vx,Hx,Wx  | x4 AVX2
            VEX L0 66 0F 61    | VPUNPCKLWD Vx,Hx,Wx  | x4
            VEX L1 66 0F 61    | VPUNPCKLWD Vx,Hx,Wx  | x4 AVX2
            VEX L0 66 0F 62    | VPUNPCKLDQ Vx,Hx,Wx  | x4
            VEX L1 66 0F 62    | VPUNPCKLDQ Vx,Hx,Wx  | x4 AVX2
            VEX L0 66 0F 63    | VPACKSSWB Vx,Hx,Wx   | x4
            VEX L1 66 0F 63    | VPACKSSWB Vx,Hx,Wx   | x4 AVX2
            VEX L0 66 0F 64    | VPCMPGTB Vx,Hx,Wx    | x4
            VEX L1 66 0F 64    | VPCMPGTB Vx,Hx,Wx    | x4 AVX2
            VEX L0 66 0F 65    | VPCMPGTW Vx,Hx,Wx    | x4
            VEX L1 66 0F 65    | VPCMPGTW Vx,Hx,Wx    | x4 AVX2
            VEX L0 66 0F 66    | VPCMPGTD Vx,Hx,Wx    | x4
            VEX L1 66 0F 66    | VPCMPGTD Vx,Hx,Wx    | x4 AVX2
            VEX L0 66 0F 67    | VPACKUSWB Vx,Hx,Wx   | x4
            VEX L1 66 0F 67    | VPACKUSWB Vx,Hx,Wx   | x4 AVX2
            VEX L0 66 0F 68    | VPUNPCKHBW Vx,Hx,Wx  | x4
            VEX L1 66 0F 68    | VPUNPCKHBW Vx,Hx,Wx  | x4 AVX2
            VEX L0 66 0F 69    | VPUNPCKHWD Vx,Hx,Wx  | x4
            VEX L1 66 0F 69    | VPUNPCKHWD Vx,Hx,Wx  | x4 AVX2
            VEX L0 66 0F 6A    | VPUNPCKHDQ Vx,Hx,Wx  | x4
            VEX L1 66 0F 6A    | VPUNPCKHDQ Vx,Hx,Wx  | x4 AVX2
            VEX L0 66 0F 6B    | VPACKSSDW Vx,Hx,Wx   | x4
            VEX L1 66 0F 6B    | VPACKSSDW Vx,Hx,Wx   | x4 AVX2
            VEX L0 66 0F 6C    | VPUNPCKLQDQ Vx,Hx,Wx | x4
            VEX L1 66 0F 6C    | VPUNPCKLQDQ Vx,Hx,Wx | x4 AVX2
            VEX L0 66 0F 6D    | VPUNPCKHQDQ Vx,Hx,Wx | x4
            VEX L1 66 0F 6D    | VPUNPCKHQDQ Vx,Hx,Wx | x4 AVX2
            VEX L0 66 0F 74    | VPCMPEQB Vx,Hx,Wx    | x4
            VEX L1 66 0F 74    | VPCMPEQB Vx,Hx,Wx    | x4 AVX2
            VEX L0 66 0F 75    | VPCMPEQW Vx,Hx,Wx    | x4
            VEX L1 66 0F 75    | VPCMPEQW Vx,Hx,Wx    | x4 AVX2
            VEX L0 66 0F 76    | VPCMPEQD Vx,Hx,Wx    | x4
            VEX L1 66 0F 76    | VPCMPEQD Vx,Hx,Wx    | x4 AVX2
            VEX L0 66 0F D1    | VPSRLW Vx,Hx,Wdq     | x4
            VEX L1 66 0F D1    | VPSRLW Vx,Hx,Wdq     | x4 AVX2
            VEX L0 66 0F D2    | VPSRLD Vx,Hx,Wdq     | x4
            VEX L1 66 0F D2    | VPSRLD Vx,Hx,Wdq     | x4 AVX2
            VEX L0 66 0F D3    | VPSRLQ Vx,Hx,Wdq     | x4
            VEX L1 66 0F D3    | VPSRLQ Vx,Hx,Wdq     | x4 AVX2
            VEX L0 66 0F D4    | VPADDQ Vx,Hx,Wx      | x4
            VEX L1 66 0F D4    | VPADDQ Vx,Hx,Wx      | x4 AVX2
            VEX L0 66 0F D5    | VPMULLW Vx,Hx,Wx     | x4
            VEX L1 66 0F D5    | VPMULLW Vx,Hx,Wx     | x4 AVX2
            VEX L0 66 0F D8    | VPSUBUSB Vx,Hx,Wx    | x4
            VEX L1 66 0F D8    | VPSUBUSB Vx,Hx,Wx    | x4 AVX2
            VEX L0 66 0F D9    | VPSUBUSW Vx,Hx,Wx    | x4
            VEX L1 66 0F D9    | VPSUBUSW Vx,Hx,Wx    | x4 AVX2
            VEX L0 66 0F DA    | VPMINUB Vx,Hx,Wx     | x4
            VEX L1 66 0F DA    | VPMINUB Vx,Hx,Wx     | x4 AVX2
            VEX L0 66 0F DB    | VPAND Vx,Hx,Wx       | x4
            VEX L1 66 0F DB    | VPAND Vx,Hx,Wx       | x4 AVX2
            VEX L0 66 0F DC    | VPADDUSB Vx,Hx,Wx    | x4
            VEX L1 66 0F DC    | VPADDUSB Vx,Hx,Wx    | x4 AVX2
            VEX L0 66 0F DD    | VPADDUSW Vx,Hx,Wx    | x4
            VEX L1 66 0F DD    | VPADDUSW Vx,Hx,Wx    | x4 AVX2
            VEX L0 66 0F DE    | VPMAXUB Vx,Hx,Wx     | x4
            VEX L1 66 0F DE    | VPMAXUB Vx,Hx,Wx     | x4 AVX2
            VEX L0 66 0F DF    | VPANDN Vx,Hx,Wx      | x4
            VEX L1 66 0F DF    | VPANDN Vx,Hx,Wx      | x4 AVX2
            VEX L0 66 0F E0    | VPAVGB Vx,Hx,Wx      | x4
            VEX L1 66 0F E0    | VPAVGB Vx,Hx,Wx      | x4 AVX2
            VEX L0 66 0F E1    | VPSRAW Vx,Hx,Wdq     | x4
            VEX L1 66 0F E1    | VPSRAW Vx,Hx,Wdq     | x4 AVX2
            VEX L0 66 0F E2    | VPSRAD Vx,Hx,Wdq     | x4
            VEX L1 66 0F E2    | VPSRAD Vx,Hx,Wdq     | x4 AVX2
            VEX L0 66 0F E3    | VPAVGW Vx,Hx,Wx      | x4
            VEX L1 66 0F E3    | VPAVGW Vx,Hx,Wx      | x4 AVX2
            VEX L0 66 0F E4    | VPMULHUW Vx,Hx,Wx    | x4
            VEX L1 66 0F E4    | VPMULHUW Vx,Hx,Wx    | x4 AVX2
            VEX L0 66 0F E5    | VPMULHW Vx,Hx,Wx     | x4
            VEX L1 66 0F E5    | VPMULHW Vx,Hx,Wx     | x4 AVX2
            VEX L0 66 0F E8    | VPSUBSB Vx,Hx,Wx     | x4
            VEX L1 66 0F E8    | VPSUBSB Vx,Hx,Wx     | x4 AVX2
            VEX L0 66 0F E9    | VPSUBSW Vx,Hx,Wx     | x4
            VEX L1 66 0F E9    | VPSUBSW Vx,Hx,Wx     | x4 AVX2
            VEX L0 66 0F EA    | VPMINSW Vx,Hx,Wx     | x4
            VEX L1 66 0F EA    | VPMINSW Vx,Hx,Wx     | x4 AVX2
            VEX L0 66 0F EB    | VPOR Vx,Hx,Wx        | x4
            VEX L1 66 0F EB    | VPOR Vx,Hx,Wx        | x4 AVX2
            VEX L0 66 0F EC    | VPADDSB Vx,Hx,Wx     | x4
            VEX L1 66 0F EC    | VPADDSB Vx,Hx,Wx     | x4 AVX2
            VEX L0 66 0F ED    | VPADDSW Vx,Hx,Wx     | x4
            VEX L1 66 0F ED    | VPADDSW Vx,Hx,Wx     | x4 AVX2
            VEX L0 66 0F EE    | VPMAXSW Vx,Hx,Wx     | x4
            VEX L1 66 0F EE    | VPMAXSW Vx,Hx,Wx     | x4 AVX2
            VEX L0 66 0F EF    | VPXOR Vx,Hx,Wx       | x4
            VEX L1 66 0F EF    | VPXOR Vx,Hx,Wx       | x4 AVX2
            VEX L0 66 0F F1    | VPSLLW Vx,Hx,Wdq     | x4
            VEX L1 66 0F F1    | VPSLLW Vx,Hx,Wdq     | x4 AVX2
            VEX L0 66 0F F2    | VPSLLD Vx,Hx,Wdq     | x4
            VEX L1 66 0F F2    | VPSLLD Vx,Hx,Wdq     | x4 AVX2
            VEX L0 66 0F F3    | VPSLLQ Vx,Hx,Wdq     | x4
            VEX L1 66 0F F3    | VPSLLQ Vx,Hx,Wdq     | x4 AVX2
            VEX L0 66 0F F4    | VPMULUDQ Vx,Hx,Wx    | x4
            VEX L1 66 0F F4    | VPMULUDQ Vx,Hx,Wx    | x4 AVX2
            VEX L0 66 0F F5    | VPMADDWD Vx,Hx,Wx    | x4
            VEX L1 66 0F F5    | VPMADDWD Vx,Hx,Wx    | x4 AVX2
            VEX L0 66 0F F6    | VPSADBW Vx,Hx,Wx     | x4
            VEX L1 66 0F F6    | VPSADBW Vx,Hx,Wx     | x4 AVX2
            VEX L0 66 0F F8    | VPSUBB Vx,Hx,Wx      | x4
            VEX L1 66 0F F8    | VPSUBB Vx,Hx,Wx      | x4 AVX2
            VEX L0 66 0F F9    | VPSUBW Vx,Hx,Wx      | x4
            VEX L1 66 0F F9    | VPSUBW Vx,Hx,Wx      | x4 AVX2
            VEX L0 66 0F FA    | VPSUBD Vx,Hx,Wx      | x4
            VEX L1 66 0F FA    | VPSUBD Vx,Hx,Wx      | x4 AVX2
            VEX L0 66 0F FB    | VPSUBQ Vx,Hx,Wx      | x4
            VEX L1 66 0F FB    | VPSUBQ Vx,Hx,Wx      | x4 AVX2
            VEX L0 66 0F FC    | VPADDB Vx,Hx,Wx      | x4
            VEX L1 66 0F FC    | VPADDB Vx,Hx,Wx      | x4 AVX2
            VEX L0 66 0F FD    | VPADDW Vx,Hx,Wx      | x4
            VEX L1 66 0F FD    | VPADDW Vx,Hx,Wx      | x4 AVX2
            VEX L0 66 0F FE    | VPADDD Vx,Hx,Wx      | x4
            VEX L1 66 0F FE    | VPADDD Vx,Hx,Wx      | x4 AVX2
            VEX L0 66 0F 71 /2 | VPSRLW Hx,Ux,Ib      | x7
            VEX L1 66 0F 71 /2 | VPSRLW Hx,Ux,Ib      | x7 AVX2
            VEX L0 66 0F 71 /4 | VPSRAW Hx,Ux,Ib      | x7
            VEX L1 66 0F 71 /4 | VPSRAW Hx,Ux,Ib      | x7 AVX2
            VEX L0 66 0F 71 /6 | VPSLLW Hx,Ux,Ib      | x7
            VEX L1 66 0F 71 /6 | VPSLLW Hx,Ux,Ib      | x7 AVX2
            VEX L0 66 0F 72 /2 | VPSRLD Hx,Ux,Ib      | x7
            VEX L1 66 0F 72 /2 | VPSRLD Hx,Ux,Ib      | x7 AVX2
            VEX L0 66 0F 72 /4 | VPSRAD Hx,Ux,Ib      | x7
            VEX L1 66 0F 72 /4 | VPSRAD Hx,Ux,Ib      | x7 AVX2
            VEX L0 66 0F 72 /6 | VPSLLD Hx,Ux,Ib      | x7
            VEX L1 66 0F 72 /6 | VPSLLD Hx,Ux,Ib      | x7 AVX2
            VEX L0 66 0F 73 /2 | VPSRLQ Hx,Ux,Ib      | x7
            VEX L1 66 0F 73 /2 | VPSRLQ Hx,Ux,Ib      | x7 AVX2
            VEX L0 66 0F 73 /6 | VPSLLQ Hx,Ux,Ib      | x7
            VEX L1 66 0F 73 /6 | VPSLLQ Hx,Ux,Ib      | x7 AVX2
            VEX L0 66 0F 73 /3 | VPSRLDQ Hx,Ux,Ib     | x7
            VEX L1 66 0F 73 /3 | VPSRLDQ Hx,Ux,Ib     | x7 AVX2
            VEX L0 66 0F 73 /7 | VPSLLDQ Hx,Ux,Ib     | x7
            VEX L1 66 0F 73 /7 | VPSLLDQ Hx,Ux,Ib     | x7 AVX2
            VEX L0 66 0F 38 00 | VPSHUFB Vx,Hx,Wx     | x4
            VEX L1 66 0F 38 00 | VPSHUFB Vx,Hx,Wx     | x4 AVX2
            VEX L0 66 0F 38 01 | VPHADDW Vx,Hx,Wx     | x4
            VEX L1 66 0F 38 01 | VPHADDW Vx,Hx,Wx     | x4 AVX2
            VEX L0 66 0F 38 02 | VPHADDD Vx,Hx,Wx     | x4
            VEX L1 66 0F 38 02 | VPHADDD Vx,Hx,Wx     | x4 AVX2
            VEX L0 66 0F 38 03 | VPHADDSW Vx,Hx,Wx    | x4
            VEX L1 66 0F 38 03 | VPHADDSW Vx,Hx,Wx    | x4 AVX2
            VEX L0 66 0F 38 04 | VPMADDUBSW Vx,Hx,Wx  | x4
            VEX L1 66 0F 38 04 | VPMADDUBSW Vx,Hx,Wx  | x4 AVX2
            VEX L0 66 0F 38 05 | VPHSUBW Vx,Hx,Wx     | x4
            VEX L1 66 0F 38 05 | VPHSUBW Vx,Hx,Wx     | x4 AVX2
            VEX L0 66 0F 38 06 | VPHSUBD Vx,Hx,Wx     | x4
            VEX L1 66 0F 38 06 | VPHSUBD Vx,Hx,Wx     | x4 AVX2
            VEX L0 66 0F 38 07 | VPHSUBSW Vx,Hx,Wx    | x4
            VEX L1 66 0F 38 07 | VPHSUBSW Vx,Hx,Wx    | x4 AVX2
            VEX L0 66 0F 38 08 | VPSIGNB Vx,Hx,Wx     | x4
            VEX L1 66 0F 38 08 | VPSIGNB Vx,Hx,Wx     | x4 AVX2
            VEX L0 66 0F 38 09 | VPSIGNW Vx,Hx,Wx     | x4
            VEX L1 66 0F 38 09 | VPSIGNW Vx,Hx,Wx     | x4 AVX2
            VEX L0 66 0F 38 0A | VPSIGND Vx,Hx,Wx     | x4
            VEX L1 66 0F 38 0A | VPSIGND Vx,Hx,Wx     | x4 AVX2
            VEX L0 66 0F 38 0B | VPMULHRSW Vx,Hx,Wx   | x4
            VEX L1 66 0F 38 0B | VPMULHRSW Vx,Hx,Wx   | x4 AVX2
            VEX L0 66 0F 38 1C | VPABSB Vx,Wx         | x4
            VEX L1 66 0F 38 1C | VPABSB Vx,Wx         | x4 AVX2
            VEX L0 66 0F 38 1D | VPABSW Vx,Wx         | x4
            VEX L1 66 0F 38 1D | VPABSW Vx,Wx         | x4 AVX2
            VEX L0 66 0F 38 1E | VPABSD Vx,Wx         | x4
            VEX L1 66 0F 38 1E | VPABSD Vx,Wx         | x4 AVX2
            VEX L0 66 0F 3A 0F | VPALIGNR Vx,Hx,Wx,Ib | x4
            VEX L1 66 0F 3A 0F | VPALIGNR Vx,Hx,Wx,Ib | x4 AVX2
            # SSE4.1 and SSE4.2
            VEX 66 0F 38 17           | VPTEST Vx,Wx             | r wf=OSZAPC x4
            VEX L0 66 0F 38 20        | VPMOVSXBW Vx,Wh          | x5
            VEX L1 66 0F 38 20        | VPMOVSXBW Vx,Wh          | x5 AVX2
            VEX L0 66 0F 38 21        | VPMOVSXBD Vx,Wf          | x5
            VEX L1 66 0F 38 21        | VPMOVSXBD Vx,Wf          | x5 AVX2
            VEX L0 66 0F 38 22        | VPMOVSXBQ Vx,We          | x5
            VEX L1 66 0F 38 22        | VPMOVSXBQ Vx,We          | x5 AVX2
            VEX L0 66 0F 38 23        | VPMOVSXWD Vx,Wh          | x5
            VEX L1 66 0F 38 23        | VPMOVSXWD Vx,Wh          | x5 AVX2
            VEX L0 66 0F 38 24        | VPMOVSXWQ Vx,Wf          | x5
            VEX L1 66 0F 38 24        | VPMOVSXWQ Vx,Wf          | x5 AVX2
            VEX L0 66 0F 38 25        | VPMOVSXDQ Vx,Wh          | x5
            VEX L1 66 0F 38 25        | VPMOVSXDQ Vx,Wh          | x5 AVX2
            VEX L0 66 0F 38 30        | VPMOVZXBW Vx,Wh          | x5
            VEX L1 66 0F 38 30        | VPMOVZXBW Vx,Wh          | x5 AVX2
            VEX L0 66 0F 38 31        | VPMOVZXBD Vx,Wf          | x5
            VEX L1 66 0F 38 31        | VPMOVZXBD Vx,Wf          | x5 AVX2
            VEX L0 66 0F 38 32        | VPMOVZXBQ Vx,We          | x5
            VEX L1 66 0F 38 32        | VPMOVZXBQ Vx,We          | x5 AVX2
            VEX L0 66 0F 38 33        | VPMOVZXWD Vx,Wh          | x5
            VEX L1 66 0F 38 33        | VPMOVZXWD Vx,Wh          | x5 AVX2
            VEX L0 66 0F 38 34        | VPMOVZXWQ Vx,Wf          | x5
            VEX L1 66 0F 38 34        | VPMOVZXWQ Vx,Wf          | x5 AVX2
            VEX L0 66 0F 38 35        | VPMOVZXDQ Vx,Wh          | x5
            VEX L1 66 0F 38 35        | VPMOVZXDQ Vx,Wh          | x5 AVX2
            VEX L0 66 0F 38 2A        | VMOVNTDQA Vx,Mx          | x1 align
            VEX L1 66 0F 38 2A        | VMOVNTDQA Vx,Mx          | x1 align AVX2
            VEX L0 66 0F 38 28        | VPMULDQ Vx,Hx,Wx         | x4
            VEX L1 66 0F 38 28        | VPMULDQ Vx,Hx,Wx         | x4 AVX2
            VEX L0 66 0F 38 29        | VPCMPEQQ Vx,Hx,Wx        | x4
            VEX L1 66 0F 38 29        | VPCMPEQQ Vx,Hx,Wx        | x4 AVX2
            VEX L0 66 0F 38 2B        | VPACKUSDW Vx,Hx,Wx       | x4
            VEX L1 66 0F 38 2B        | VPACKUSDW Vx,Hx,Wx       | x4 AVX2
            VEX L0 66 0F 38 37        | VPCMPGTQ Vx,Hx,Wx        | x4
            VEX L1 66 0F 38 37        | VPCMPGTQ Vx,Hx,Wx        | x4 AVX2
            VEX L0 66 0F 38 38        | VPMINSB Vx,Hx,Wx         | x4
            VEX L1 66 0F 38 38        | VPMINSB Vx,Hx,Wx         | x4 AVX2
            VEX L0 66 0F 38 39        | VPMINSD Vx,Hx,Wx         | x4
            VEX L1 66 0F 38 39        | VPMINSD Vx,Hx,Wx         | x4 AVX2
            VEX L0 66 0F 38 3A        | VPMINUW Vx,Hx,Wx         | x4
            VEX L1 66 0F 38 3A        | VPMINUW Vx,Hx,Wx         | x4 AVX2
            VEX L0 66 0F 38 3B        | VPMINUD Vx,Hx,Wx         | x4
            VEX L1 66 0F 38 3B        | VPMINUD Vx,Hx,Wx         | x4 AVX2
            VEX L0 66 0F 38 3C        | VPMAXSB Vx,Hx,Wx         | x4
            VEX L1 66 0F 38 3C        | VPMAXSB Vx,Hx,Wx         | x4 AVX2
            VEX L0 66 0F 38 3D        | VPMAXSD Vx,Hx,Wx         | x4
            VEX L1 66 0F 38 3D        | VPMAXSD Vx,Hx,Wx         | x4 AVX2
            VEX L0 66 0F 38 3E        | VPMAXUW Vx,Hx,Wx         | x4
            VEX L1 66 0F 38 3E        | VPMAXUW Vx,Hx,Wx         | x4 AVX2
            VEX L0 66 0F 38 3F        | VPMAXUD Vx,Hx,Wx         | x4
            VEX L1 66 0F 38 3F        | VPMAXUD Vx,Hx,Wx         | x4 AVX2
            VEX L0 66 0F 38 40        | VPMULLD Vx,Hx,Wx         | x4
            VEX L1 66 0F 38 40        | VPMULLD Vx,Hx,Wx         | x4 AVX2
            VEX L0 66 0F 38 41        | VPHMINPOSUW Vdq,Wdq      | x4
            VEX 66 0F 3A 08           | VROUNDPS Vx,Wx,Ib        | x2
            VEX 66 0F 3A 09           | VROUNDPD Vx,Wx,Ib        | x2
            VEX 66 0F 3A 0A           | VROUNDSS Vdq,Hdq,Wd,Ib   | x3
            VEX 66 0F 3A 0B           | VROUNDSD Vdq,Hdq,Wq,Ib   | x3
            VEX 66 0F 3A 0C           | VBLENDPS Vx,Hx,Wx,Ib     | x4
            VEX 66 0F 3A 0D           | VBLENDPD Vx,Hx,Wx,Ib     | x4
            VEX L0 66 0F 3A 0E        | VPBLENDW Vx,Hx,Wx,Ib     | x4
            VEX L1 66 0F 3A 0E        | VPBLENDW Vx,Hx,Wx,Ib     | x4 AVX2
            VEX L0 66 0F 3A 14        | VPEXTRB Rd/Mb,Vdq,Ib     | x5
            VEX L0 66 0F 3A 15        | VPEXTRW Rd/Mw,Vdq,Ib     | x5
            VEX L0 66 0F 3A 16 W1 m64 | VPEXTRQ Eq,Vdq,Ib        | x5
            VEX L0 66 0F 3A 16 W0     | VPEXTRD Ed,Vdq,Ib        | x5
            VEX L0 66 0F 3A 17        | VEXTRACTPS Ed,Vdq,Ib     | x5
            VEX L0 66 0F 3A 20        | VPINSRB Vdq,Hdq,Rd/Mb,Ib | x5
            VEX L0 66 0F 3A 21        | VINSERTPS Vdq,Hdq,Wd,Ib  | x5
            VEX L0 66 0F 3A 22 W1 m64 | VPINSRQ Vdq,Hdq,Eq,Ib    | x5
            VEX L0 66 0F 3A 22 W0     | VPINSRD Vdq,Hdq,Ed,Ib    | x5
            VEX 66 0F 3A 40           | VDPPS Vx,Hx,Wx,Ib        | x2
            VEX L0 66 0F 3A 41        | VDPPD Vdq,Hdq,Wdq,Ib     | x2
            VEX L0 66 0F 3A 42        | VMPSADBW Vx,Hx,Wx,Ib     | x4
            VEX L1 66 0F 3A 42        | VMPSADBW Vx,Hx,Wx,Ib     | x4 AVX2
            VEX L0 66 0F 3A 60        | VPCMPESTRM Vdq,Wdq,Ib    | r wf=OSZAPC x4 ir=AD
            VEX L0 66 0F 3A 61        | VPCMPESTRI Vdq,Wdq,Ib    | r wf=OSZAPC x4 ir=AD iw=C
            VEX L0 66 0F 3A 62        | VPCMPISTRM Vdq,Wdq,Ib    | r wf=OSZAPC x4
            VEX L0 66 0F 3A 63        | VPCMPISTRI Vdq,Wdq,Ib    | r wf=OSZAPC x4 iw=C
            # Cryptography
            VEX L0 66 0F 38 DB | VAESIMC Vdq,Wdq               | x4 AES
            VEX L0 66 0F 38 DC | VAESENC Vx,Hx,Wx              | x4 AES
            VEX L1 66 0F 38 DC | VAESENC Vx,Hx,Wx              | x4 VAES
            VEX L0 66 0F 38 DD | VAESENCLAST Vx,Hx,Wx          | x4 AES
            VEX L1 66 0F 38 DD | VAESENCLAST Vx,Hx,Wx          | x4 VAES
            VEX L0 66 0F 38 DE | VAESDEC Vx,Hx,Wx              | x4 AES
            VEX L1 66 0F 38 DE | VAESDEC Vx,Hx,Wx              | x4 VAES
            VEX L0 66 0F 38 DF | VAESDECLAST Vx,Hx,Wx          | x4 AES
            VEX L1 66 0F 38 DF | VAESDECLAST Vx,Hx,Wx          | x4 VAES
            VEX L0 66 0F 3A DF | VAESKEYGENASSIST Vdq,Wdq,Ib   | x4 AES
            VEX L0 66 0F 3A 44 | VPCLMULQDQ Vx,Hx,Wx,Ib        | x4 PCLMULQDQ
            VEX L1 66 0F 3A 44 | VPCLMULQDQ Vx,Hx,Wx,Ib        | x4 VPCLMULQDQ
            VEX 66 0F 38 CF W0 | VGF2P8MULB Vx,Hx,Wx           | x4 GFNI
            VEX 66 0F 3A CE W1 | VGF2P8AFFINEQB Vx,Hx,Wx,Ib    | x4 GFNI
            VEX 66 0F 3A CF W1 | VGF2P8AFFINEINVQB Vx,Hx,Wx,Ib | x4 GFNI
            """;

    private VexTable() {
    }
}
