package dev.quoll.emulator.isa;

/// FMA (SDM vol. 2, table A-4).
///
/// The notation is explained at [RowParser].
final class FmaTable {
    /// Attributes of every row of this table.
    static final String FAMILY = "FMA avx vex";

    static final String ROWS = """
            VEX 66 0F 38 96 W0 | VFMADDSUB132PS Vx,Hx,Wx | rw x2
            VEX 66 0F 38 96 W1 | VFMADDSUB132PD Vx,Hx,Wx | rw x2
            VEX 66 0F 38 97 W0 | VFMSUBADD132PS Vx,Hx,Wx | rw x2
            VEX 66 0F 38 97 W1 | VFMSUBADD132PD Vx,Hx,Wx | rw x2
            VEX 66 0F 38 98 W0 | VFMADD132PS Vx,Hx,Wx    | rw x2
            VEX 66 0F 38 98 W1 | VFMADD132PD Vx,Hx,Wx    | rw x2
            VEX 66 0F 38 99 W0 | VFMADD132SS Vdq,Hdq,Wd  | rw x3
            VEX 66 0F 38 99 W1 | VFMADD132SD Vdq,Hdq,Wq  | rw x3
            VEX 66 0F 38 9A W0 | VFMSUB132PS Vx,Hx,Wx    | rw x2
            VEX 66 0F 38 9A W1 | VFMSUB132PD Vx,Hx,Wx    | rw x2
            VEX 66 0F 38 9B W0 | VFMSUB132SS Vdq,Hdq,Wd  | rw x3
            VEX 66 0F 38 9B W1 | VFMSUB132SD Vdq,Hdq,Wq  | rw x3
            VEX 66 0F 38 9C W0 | VFNMADD132PS Vx,Hx,Wx   | rw x2
            VEX 66 0F 38 9C W1 | VFNMADD132PD Vx,Hx,Wx   | rw x2
            VEX 66 0F 38 9D W0 | VFNMADD132SS Vdq,Hdq,Wd | rw x3
            VEX 66 0F 38 9D W1 | VFNMADD132SD Vdq,Hdq,Wq | rw x3
            VEX 66 0F 38 9E W0 | VFNMSUB132PS Vx,Hx,Wx   | rw x2
            VEX 66 0F 38 9E W1 | VFNMSUB132PD Vx,Hx,Wx   | rw x2
            VEX 66 0F 38 9F W0 | VFNMSUB132SS Vdq,Hdq,Wd | rw x3
            VEX 66 0F 38 9F W1 | VFNMSUB132SD Vdq,Hdq,Wq | rw x3
            VEX 66 0F 38 A6 W0 | VFMADDSUB213PS Vx,Hx,Wx | rw x2
            VEX 66 0F 38 A6 W1 | VFMADDSUB213PD Vx,Hx,Wx | rw x2
            VEX 66 0F 38 A7 W0 | VFMSUBADD213PS Vx,Hx,Wx | rw x2
            VEX 66 0F 38 A7 W1 | VFMSUBADD213PD Vx,Hx,Wx | rw x2
            VEX 66 0F 38 A8 W0 | VFMADD213PS Vx,Hx,Wx    | rw x2
            VEX 66 0F 38 A8 W1 | VFMADD213PD Vx,Hx,Wx    | rw x2
            VEX 66 0F 38 A9 W0 | VFMADD213SS Vdq,Hdq,Wd  | rw x3
            VEX 66 0F 38 A9 W1 | VFMADD213SD Vdq,Hdq,Wq  | rw x3
            VEX 66 0F 38 AA W0 | VFMSUB213PS Vx,Hx,Wx    | rw x2
            VEX 66 0F 38 AA W1 | VFMSUB213PD Vx,Hx,Wx    | rw x2
            VEX 66 0F 38 AB W0 | VFMSUB213SS Vdq,Hdq,Wd  | rw x3
            VEX 66 0F 38 AB W1 | VFMSUB213SD Vdq,Hdq,Wq  | rw x3
            VEX 66 0F 38 AC W0 | VFNMADD213PS Vx,Hx,Wx   | rw x2
            VEX 66 0F 38 AC W1 | VFNMADD213PD Vx,Hx,Wx   | rw x2
            VEX 66 0F 38 AD W0 | VFNMADD213SS Vdq,Hdq,Wd | rw x3
            VEX 66 0F 38 AD W1 | VFNMADD213SD Vdq,Hdq,Wq | rw x3
            VEX 66 0F 38 AE W0 | VFNMSUB213PS Vx,Hx,Wx   | rw x2
            VEX 66 0F 38 AE W1 | VFNMSUB213PD Vx,Hx,Wx   | rw x2
            VEX 66 0F 38 AF W0 | VFNMSUB213SS Vdq,Hdq,Wd | rw x3
            VEX 66 0F 38 AF W1 | VFNMSUB213SD Vdq,Hdq,Wq | rw x3
            VEX 66 0F 38 B6 W0 | VFMADDSUB231PS Vx,Hx,Wx | rw x2
            VEX 66 0F 38 B6 W1 | VFMADDSUB231PD Vx,Hx,Wx | rw x2
            VEX 66 0F 38 B7 W0 | VFMSUBADD231PS Vx,Hx,Wx | rw x2
            VEX 66 0F 38 B7 W1 | VFMSUBADD231PD Vx,Hx,Wx | rw x2
            VEX 66 0F 38 B8 W0 | VFMADD231PS Vx,Hx,Wx    | rw x2
            VEX 66 0F 38 B8 W1 | VFMADD231PD Vx,Hx,Wx    | rw x2
            VEX 66 0F 38 B9 W0 | VFMADD231SS Vdq,Hdq,Wd  | rw x3
            VEX 66 0F 38 B9 W1 | VFMADD231SD Vdq,Hdq,Wq  | rw x3
            VEX 66 0F 38 BA W0 | VFMSUB231PS Vx,Hx,Wx    | rw x2
            VEX 66 0F 38 BA W1 | VFMSUB231PD Vx,Hx,Wx    | rw x2
            VEX 66 0F 38 BB W0 | VFMSUB231SS Vdq,Hdq,Wd  | rw x3
            VEX 66 0F 38 BB W1 | VFMSUB231SD Vdq,Hdq,Wq  | rw x3
            VEX 66 0F 38 BC W0 | VFNMADD231PS Vx,Hx,Wx   | rw x2
            VEX 66 0F 38 BC W1 | VFNMADD231PD Vx,Hx,Wx   | rw x2
            VEX 66 0F 38 BD W0 | VFNMADD231SS Vdq,Hdq,Wd | rw x3
            VEX 66 0F 38 BD W1 | VFNMADD231SD Vdq,Hdq,Wq | rw x3
            VEX 66 0F 38 BE W0 | VFNMSUB231PS Vx,Hx,Wx   | rw x2
            VEX 66 0F 38 BE W1 | VFNMSUB231PD Vx,Hx,Wx   | rw x2
            VEX 66 0F 38 BF W0 | VFNMSUB231SS Vdq,Hdq,Wd | rw x3
            VEX 66 0F 38 BF W1 | VFNMSUB231SD Vdq,Hdq,Wq | rw x3
            """;

    private FmaTable() {
    }
}
