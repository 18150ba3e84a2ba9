# What hls4ml's flow and its report parser ask of a project; the project's folder is <project_name>_prj/solution1.
variable project_name
set project_name "razorsnn_top"
variable backend
set backend "vitis"
