# Vitis HLS, in this folder: vitis-run --mode hls --tcl build_prj.tcl (or vitis_hls -f build_prj.tcl).
# Which steps: build_opt.tcl, as hls4ml's Vitis flow writes it; without it synthesis and export. From the environment:
#   RAZORSNN_PART    device        RAZORSNN_CLOCK  period in ns
#   RAZORSNN_WINDOWS file of windows (format: main.cpp), for the two simulations
proc setting {name default} {
    return [expr {[info exists ::env($name)] ? $::env($name) : $default}]
}

set here [file dirname [file normalize [info script]]]
source [file join $here project.tcl]
array set opt {reset 1 csim 0 synth 1 cosim 0 validation 0 export 1 vsynth 0 fifo_opt 0}
if {[file exists [file join $here build_opt.tcl]]} {
    source [file join $here build_opt.tcl]
}
set part [setting RAZORSNN_PART xczu7ev-ffvc1156-2-e]
set clock [setting RAZORSNN_CLOCK 5]
set windows [setting RAZORSNN_WINDOWS ""]
set flags "-I$here"

if {($opt(csim) || $opt(cosim)) && $windows eq ""} {
    error "a simulation needs RAZORSNN_WINDOWS"
}
if {$opt(reset)} {
    open_project -reset ${project_name}_prj
} else {
    open_project ${project_name}_prj
}
set_top $project_name
add_files $here/razorsnn_top.cpp -cflags $flags
add_files $here/images.cpp -cflags $flags
add_files -tb $here/main.cpp -cflags $flags

open_solution solution1 -flow_target vivado
set_part $part
create_clock -period $clock -name default

if {$opt(csim)} {
    csim_design -argv "[file normalize $windows] [file normalize csim_results.txt]"
}
if {$opt(synth)} {
    csynth_design
}
if {$opt(cosim)} {
    cosim_design -argv "[file normalize $windows] [file normalize cosim_results.txt]"
}
if {$opt(validation)} {
    set files [list]
    foreach name {csim_results.txt cosim_results.txt} {
        set stream [open $name r]
        lappend files [read $stream]
        close $stream
    }
    if {[lindex $files 0] ne [lindex $files 1]} {
        error "the synthesised RTL gives other results than the C simulation: csim_results.txt, cosim_results.txt"
    }
}
if {$opt(export)} {
    export_design -format ip_catalog
}
exit
