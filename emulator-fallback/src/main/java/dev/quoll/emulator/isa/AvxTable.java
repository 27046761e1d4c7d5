package dev.quoll.emulator.isa;

/// AVX, AVX2 and F16C instructions without an SSE form (SDM vol. 2, tables ).
///
/// The notation is explained at [RowParser].
final class AvxTable {
    /// Attributes of every row of this table.
    static final String FAMILY = "AVX avx vex";

    static final String ROWS = """
            VEX L0 NP 0F 77           | VZEROUPPER               | x8
            VEX L1 NP 0F 77           | VZEROALL                 | x8
            VEX L0 NP 0F AE /2        | VLDMXCSR Md              | r x5
            VEX L0 NP 0F AE /3        | VSTMXCSR Md              | x5
            VEX 66 0F 38 0C W0        | VPERMILPS Vx,Hx,Wx       | x4
            VEX 66 0F 38 0D W0        | VPERMILPD Vx,Hx,Wx       | x4
            VEX 66 0F 38 0E W0        | VTESTPS Vx,Wx            | r wf=OSZAPC x4
            VEX 66 0F 38 0F W0        | VTESTPD Vx,Wx            | r wf=OSZAPC x4
            VEX 66 0F 38 13 W0        | VCVTPH2PS Vx,Wh          | x11 F16C
            VEX 66 0F 3A 1D W0        | VCVTPS2PH Wh,Vx,Ib       | x11 F16C
            VEX 66 0F 38 18 W0 mem    | VBROADCASTSS Vx,Md       | x6
            VEX 66 0F 38 18 W0 reg    | VBROADCASTSS Vx,Ud       | x6 AVX2
            VEX L1 66 0F 38 19 W0 mem | VBROADCASTSD Vx,Mq       | x6
            VEX L1 66 0F 38 19 W0 reg | VBROADCASTSD Vx,Uq       | x6 AVX2
            VEX L1 66 0F 38 1A W0     | VBROADCASTF128 Vx,Mdq    | x6
            VEX L1 66 0F 38 5A W0     | VBROADCASTI128 Vx,Mdq    | x6 AVX2
            VEX 66 0F 38 58 W0        | VPBROADCASTD Vx,Wd       | x6 AVX2
            VEX 66 0F 38 59 W0        | VPBROADCASTQ Vx,Wq       | x6 AVX2
            VEX 66 0F 38 78 W0        | VPBROADCASTB Vx,Wb       | x6 AVX2
            VEX 66 0F 38 79 W0        | VPBROADCASTW Vx,Ww       | x6 AVX2
            VEX 66 0F 38 2C W0        | VMASKMOVPS Vx,Hx,Mx      | x6
            VEX 66 0F 38 2D W0        | VMASKMOVPD Vx,Hx,Mx      | x6
            VEX 66 0F 38 2E W0        | VMASKMOVPS Mx,Hx,Vx      | x6
            VEX 66 0F 38 2F W0        | VMASKMOVPD Mx,Hx,Vx      | x6
            VEX 66 0F 38 8C W0        | VPMASKMOVD Vx,Hx,Mx      | x6 AVX2
            VEX 66 0F 38 8C W1        | VPMASKMOVQ Vx,Hx,Mx      | x6 AVX2
            VEX 66 0F 38 8E W0        | VPMASKMOVD Mx,Hx,Vx      | x6 AVX2
            VEX 66 0F 38 8E W1        | VPMASKMOVQ Mx,Hx,Vx      | x6 AVX2
            VEX L1 66 0F 38 16 W0     | VPERMPS Vx,Hx,Wx         | x4 AVX2
            VEX L1 66 0F 38 36 W0     | VPERMD Vx,Hx,Wx          | x4 AVX2
            # AMD's processors ignore W of these two, for which the manuals give W1
            VEX L1 66 0F 3A 00        | VPERMQ Vx,Wx,Ib          | x4 AVX2
            VEX L1 66 0F 3A 01        | VPERMPD Vx,Wx,Ib         | x4 AVX2
            # Shifts by a vector, and the rest
            VEX 66 0F 38 45 W0        | VPSRLVD Vx,Hx,Wx         | x4 AVX2
            VEX 66 0F 38 45 W1        | VPSRLVQ Vx,Hx,Wx         | x4 AVX2
            VEX 66 0F 38 46 W0        | VPSRAVD Vx,Hx,Wx         | x4 AVX2
            VEX 66 0F 38 47 W0        | VPSLLVD Vx,Hx,Wx         | x4 AVX2
            VEX 66 0F 38 47 W1        | VPSLLVQ Vx,Hx,Wx         | x4 AVX2
            VEX 66 0F 3A 02 W0        | VPBLENDD Vx,Hx,Wx,Ib     | x4 AVX2
            VEX 66 0F 3A 04 W0        | VPERMILPS Vx,Wx,Ib       | x4
            VEX 66 0F 3A 05 W0        | VPERMILPD Vx,Wx,Ib       | x4
            VEX L1 66 0F 3A 06 W0     | VPERM2F128 Vx,Hx,Wx,Ib   | x6
            VEX L1 66 0F 3A 46 W0     | VPERM2I128 Vx,Hx,Wx,Ib   | x6 AVX2
            VEX L1 66 0F 3A 18 W0     | VINSERTF128 Vx,Hx,Wdq,Ib | x6
            VEX L1 66 0F 3A 19 W0     | VEXTRACTF128 Wdq,Vx,Ib   | x6
            VEX L1 66 0F 3A 38 W0     | VINSERTI128 Vx,Hx,Wdq,Ib | x6 AVX2
            VEX L1 66 0F 3A 39 W0     | VEXTRACTI128 Wdq,Vx,Ib   | x6 AVX2
            VEX 66 0F 3A 4A W0        | VBLENDVPS Vx,Hx,Wx,Lx    | x4
            VEX 66 0F 3A 4B W0        | VBLENDVPD Vx,Hx,Wx,Lx    | x4
            VEX L0 66 0F 3A 4C W0     | VPBLENDVB Vx,Hx,Wx,Lx    | x4
            VEX L1 66 0F 3A 4C W0     | VPBLENDVB Vx,Hx,Wx,Lx    | x4 AVX2
            VEX 66 0F 38 90 W0        | VPGATHERDD Vx,VMxd,Hx    | gather
            VEX 66 0F 38 90 W1        | VPGATHERDQ Vx,VMhq,Hx    | gather
            VEX 66 0F 38 91 W0        | VPGATHERQD Vdq,VMxd,Hdq  | gather
            VEX 66 0F 38 91 W1        | VPGATHERQQ Vx,VMxq,Hx    | gather
            VEX 66 0F 38 92 W0        | VGATHERDPS Vx,VMxd,Hx    | gather
            VEX 66 0F 38 92 W1        | VGATHERDPD Vx,VMhq,Hx    | gather
            VEX 66 0F 38 93 W0        | VGATHERQPS Vdq,VMxd,Hdq  | gather
            VEX 66 0F 38 93 W1        | VGATHERQPD Vx,VMxq,Hx    | gather
            """;

    private AvxTable() {
    }
}
