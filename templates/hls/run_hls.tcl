# Vitis HLS: vitis_hls -f run_hls.tcl (or vitis-run --mode hls --tcl run_hls.tcl). Settings come from the environment:
#   RAZORSNN_PART    device        RAZORSNN_CLOCK  period in ns
#   RAZORSNN_WINDOWS file of windows (format: main.cpp); with it the C simulation runs before the synthesis
#   RAZORSNN_COSIM   1: also the simulation of the synthesised RTL, on the same file
proc setting {name default} {
    return [expr {[info exists ::env($name)] ? $::env($name) : $default}]
}

set part [setting RAZORSNN_PART xczu7ev-ffvc1156-2-e]
set clock [setting RAZORSNN_CLOCK 5]
set windows [setting RAZORSNN_WINDOWS ""]
set cosim [setting RAZORSNN_COSIM 0]
set here [file dirname [file normalize [info script]]]
set flags "-I$here"

open_project -reset razorsnn_hls
set_top razorsnn_top
add_files $here/razorsnn_top.cpp -cflags $flags
add_files $here/images.cpp -cflags $flags
add_files -tb $here/main.cpp -cflags $flags

open_solution -reset solution -flow_target vivado
set_part $part
create_clock -period $clock -name default

if {$windows ne ""} {
    csim_design -argv "[file normalize $windows] [file normalize csim_results.txt]"
}
csynth_design
if {$cosim} {
    if {$windows eq ""} {
        error "RAZORSNN_COSIM needs RAZORSNN_WINDOWS"
    }
    cosim_design -argv "[file normalize $windows] [file normalize cosim_results.txt]"
}
export_design -format ip_catalog
exit
