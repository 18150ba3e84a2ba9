// Loader: the contents of the memories, chunk by chunk from the registers, while no window runs.
// Contract: python/razorsnn/contents.py; registers and what is refused: docs/interface.md, "Loading".
//   order      begin, then for each memory its address and the chunks of its words, lowest bits first; then commit
//   latency    a write is answered in the next cycle; a word is written the third cycle after its last chunk
//   handshake  write_i pulses with a register's number and value; refused_o answers. From begin to commit whole_o is low,
//              and no window may start; a reset ends the load, but the contents stay partial
module rsnn_loader #(
  parameter int unsigned Stages = 1,
  parameter int unsigned Slots = 4,
  parameter logic [Stages-1:0][31:0] Rows = {Stages{32'd2}},
  parameter int unsigned Frames = 4,
  parameter logic [Stages-1:0][31:0] Gated = {Stages{32'd1}},
  parameter logic [Stages-1:0][31:0] Fixed = {Stages{32'd1}},
  parameter int unsigned Embeddings = 2,
  parameter logic [Stages-1:0][31:0] WeightBits = {Stages{32'd8}},
  parameter logic [Stages-1:0][31:0] LowerBits = {Stages{32'd8}},
  parameter logic [Stages-1:0][31:0] MembraneBits = {Stages{32'd20}},
  parameter logic [Stages-1:0][31:0] WeightDepth = {Stages{32'd64}},
  parameter logic [Stages-1:0][31:0] UpperDepth = {Stages{32'd0}},
  parameter logic [Stages-1:0][31:0] BiasDepth = {Stages{32'd4}},
  parameter logic [Stages-1:0][31:0] GateRows = {Stages{32'd4}},
  parameter logic [Stages-1:0][31:0] OffsetDepth = {Stages{32'd2}},
  parameter int unsigned LoadBits = 512,
  parameter int unsigned ClassIdentity = 1
) (
  input  logic                          clk_i,
  input  logic                          rst_ni,
  input  logic                          busy_i,
  input  logic                          write_i,
  input  rsnn_pkg::load_register_e      register_i,
  input  logic [31:0]                   value_i,
  output logic                          loading_o,
  output logic                          whole_o,
  output logic                          refused_o,
  output logic [Stages-1:0][rsnn_pkg::Memories-1:0] load_o,
  output logic [23:0]                   addr_o,
  output logic [LoadBits-1:0]           data_o
);
  localparam int unsigned MostChunks = LoadBits / 32;
  localparam int unsigned ChunkWidth = (MostChunks > 1) ? $clog2(MostChunks) : 1;
  localparam int unsigned NumberWidth = $clog2(rsnn_pkg::Memories);
  localparam int unsigned StageWidth = (Stages > 1) ? $clog2(Stages) : 1;

  // Words and chunks a word of each memory of each stage.
  typedef logic [Stages-1:0][rsnn_pkg::Memories-1:0][23:0] sizes_t;

  function automatic sizes_t depths();
    for (int unsigned s = 0; s < Stages; s++) begin
      depths[s][rsnn_pkg::TableMemory] = 24'(Rows[s]);
      depths[s][rsnn_pkg::WeightMemory] = 24'(WeightDepth[s]);
      depths[s][rsnn_pkg::UpperMemory] = 24'((WeightBits[s] > LowerBits[s]) ? UpperDepth[s] : 0);
      depths[s][rsnn_pkg::BiasMemory] = 24'(BiasDepth[s]);
      depths[s][rsnn_pkg::KeepMemory] = 24'(Fixed[s][0] ? Rows[s] : 0);
      depths[s][rsnn_pkg::EmbeddingMemory] = 24'(Gated[s][0] ? GateRows[s] : 0);
      depths[s][rsnn_pkg::AffineMemory] = 24'(Gated[s][0] ? GateRows[s] : 0);
      depths[s][rsnn_pkg::OffsetMemory] = 24'(Gated[s][0] ? OffsetDepth[s] : 0);
      depths[s][rsnn_pkg::ExpMemory] = 24'(Gated[s][0] ? 256 : 0);
      depths[s][rsnn_pkg::SigmoidMemory] = 24'(Gated[s][0] ? 256 : 0);
    end
  endfunction

  function automatic sizes_t last_chunks();
    for (int unsigned s = 0; s < Stages; s++) begin
      last_chunks[s] = '0;
      last_chunks[s][rsnn_pkg::TableMemory] = 24'(($bits(rsnn_pkg::layer_t) - 1) / 32);
      last_chunks[s][rsnn_pkg::WeightMemory] = 24'((Slots * LowerBits[s] - 1) / 32);
      if (WeightBits[s] > LowerBits[s]) begin
        last_chunks[s][rsnn_pkg::UpperMemory] = 24'((Slots * (WeightBits[s] - LowerBits[s]) - 1) / 32);
      end
      last_chunks[s][rsnn_pkg::BiasMemory] = 24'((Slots * MembraneBits[s] - 1) / 32);
      last_chunks[s][rsnn_pkg::KeepMemory] = 24'((Frames - 1) / 32);
      last_chunks[s][rsnn_pkg::EmbeddingMemory] = 24'((Embeddings * rsnn_pkg::EmbeddingBits - 1) / 32);
      last_chunks[s][rsnn_pkg::AffineMemory] = 24'((Embeddings * rsnn_pkg::AffineBits - 1) / 32);
      last_chunks[s][rsnn_pkg::OffsetMemory] = 24'((rsnn_pkg::OffsetBits - 1) / 32);
    end
  endfunction

  localparam sizes_t Depths = depths();
  localparam sizes_t LastChunks = last_chunks();

  // The contents are whole when the device is configured. No reset says so again: it cannot know.
  /* verilator lint_off PROCASSINIT */
  logic whole_q = 1'b1;
  /* verilator lint_on PROCASSINIT */
  logic loading_q, addressed_q;
  // An edge before the first reset must begin and write nothing, so these registers have a value at power-up.
  // verilator lint_off PROCASSINIT
  logic write_q = 1'b0;
  logic [Stages-1:0][rsnn_pkg::Memories-1:0] load_q = '0, load1_q = '0;
  // verilator lint_on PROCASSINIT
  logic [31:0] checksum_q;
  logic [NumberWidth-1:0] number_q;
  logic [StageWidth-1:0] stage_q;
  logic [23:0] index_q, depth_q, addr_q;
  logic [LoadBits-1:0] data_q;
  logic [ChunkWidth-1:0] chunk_q, last_chunk_q;
  logic asked, begins, takes_address, takes_data, commits;

  // ---- First the value is compared with what it may be, then what is written is done or refused.
  logic fits_q, identifies_q;
  rsnn_pkg::load_register_e register_q;
  logic [31:0] value_q;
  logic [NumberWidth-1:0] number;
  logic [StageWidth-1:0] stage;
  logic [23:0] depth, given_depth_q;
  logic [ChunkWidth-1:0] given_chunks_q;

  assign number = value_i[24 +: NumberWidth];
  assign stage = value_i[28 +: StageWidth];
  assign depth = Depths[stage][number];
  always_ff @(posedge clk_i) begin
    write_q <= rst_ni && write_i;
    {register_q, value_q, given_depth_q} <= {register_i, value_i, depth};
    fits_q <= 32'(value_i[31:28]) < Stages && 32'(value_i[27:24]) < rsnn_pkg::Memories && value_i[23:0] < depth;
    given_chunks_q <= ChunkWidth'(LastChunks[stage][number]);
    identifies_q <= value_i == ClassIdentity;
  end

  assign asked = write_q && register_q == rsnn_pkg::LoadBegin && identifies_q;
  assign begins = asked && !busy_i;
  assign takes_address = write_q && register_q == rsnn_pkg::LoadAddress && loading_q && fits_q;
  assign takes_data = write_q && register_q == rsnn_pkg::LoadData && loading_q && addressed_q && index_q < depth_q;
  assign commits = write_q && register_q == rsnn_pkg::LoadCommit && loading_q && chunk_q == '0 && value_q == checksum_q;
  assign refused_o = write_q && !(begins || takes_address || takes_data || commits);
  assign loading_o = loading_q;
  assign whole_o = whole_q;

  always_ff @(posedge clk_i) begin
    if (begins) whole_q <= 1'b0;
    else if (commits) whole_q <= 1'b1;
  end

  // The memories are all over the device: a register of its own for the way there. Nothing is written in a reset, whose
  // first cycle finds any value in load_q.
  always_ff @(posedge clk_i) {load1_q, addr_o, data_o} <= {rst_ni ? load_q : '0, addr_q, data_q};
  assign load_o = load1_q;

  always_ff @(posedge clk_i) begin
    load_q <= '0;
    addr_q <= index_q;
    // What is busy is not loaded, so neither checksum nor chunk is of interest then.
    if (asked) checksum_q <= '0;
    else if (takes_address || takes_data) checksum_q <= {checksum_q[30:0], checksum_q[31]} ^ value_q;
    if (takes_address) begin
      number_q <= value_q[24 +: NumberWidth];
      stage_q <= value_q[28 +: StageWidth];
      index_q <= value_q[23:0];
      depth_q <= given_depth_q;
      last_chunk_q <= given_chunks_q;
    end
    if (asked || takes_address) chunk_q <= '0;
    if (takes_data) begin
      data_q[32*chunk_q +: 32] <= value_q;
      chunk_q <= (chunk_q == last_chunk_q) ? '0 : chunk_q + 1'b1;
      if (chunk_q == last_chunk_q) begin
        load_q[stage_q][number_q] <= 1'b1;
        index_q <= index_q + 1'b1;
      end
    end
    if (!rst_ni) {loading_q, addressed_q} <= '0;
    else if (begins) {loading_q, addressed_q} <= 2'b10;
    else if (commits) loading_q <= 1'b0;
    else if (takes_address) addressed_q <= 1'b1;
  end
endmodule
