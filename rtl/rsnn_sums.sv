// One lane of the razor's sums: sum over the frames of embedding times activation, of all K, a word a cycle.
// Contract: python/razorsnn/ops/razor.py (S_k).
//   shapes     two banks of K sums a word, for gates that read the even and the odd store; even_i: the even one is read and
//              the odd one fed
//   latency    feed_i, with embedding_i, to the sum stored: 5 cycles; its bank is that of even_i at feed_i.
//              read_i to sums_o: 3 cycles, held until the next read_i's
//   handshake  none: never stalls; the bank that is read is not fed. A word is fed again rsnn_pkg::LeastPassCycles later at
//              the earliest, as passes do: so nothing has to be forwarded
// A kept hierarchy has registers of its own: what all lanes share is at hand at the memories and sums of each.
(* keep_hierarchy = "yes" *)
module rsnn_sums #(
  parameter int unsigned Embeddings = 4,
  parameter int unsigned ActBits = 4,
  parameter int unsigned SumsBits = 16,
  parameter int unsigned SumsEven = 16,
  parameter int unsigned SumsOdd = 16,
  localparam int unsigned SumsDepth = (SumsEven > SumsOdd) ? SumsEven : SumsOdd,
  localparam int unsigned AddrWidth = (SumsDepth > 1) ? $clog2(SumsDepth) : 1
) (
  input  logic                                                clk_i,
  input  logic                                                rst_ni,
  input  logic                                                even_i,
  input  logic                                                feed_i,
  input  logic                                                feed_first_i,
  input  logic [AddrWidth-1:0]                                feed_addr_i,
  input  logic [ActBits-1:0]                                  x_i,
  input  logic [Embeddings-1:0][rsnn_pkg::EmbeddingBits-1:0]  embedding_i,
  input  logic                                                read_i,
  input  logic [AddrWidth-1:0]                                read_addr_i,
  output logic [Embeddings-1:0][SumsBits-1:0]                 sums_o
);
  localparam int unsigned FedBits = rsnn_pkg::EmbeddingBits + ActBits + 1;

  typedef logic [Embeddings-1:0][SumsBits-1:0] sums_t;
  typedef logic signed [rsnn_pkg::EmbeddingBits-1:0] embedding_t;
  typedef logic signed [rsnn_pkg::EmbeddingBits+1:0] triple_t;

  // ---- What is shared, registered: the activation, whether it is fed, and in which bank; a bank has its own address.
  logic [4:1] even_q, feed_q;
  logic [3:1] first_q;
  logic [ActBits-1:0] x1_q, x2_q;
  sums_t new4_q;
  sums_t [1:0] sums3;

  always_ff @(posedge clk_i) begin
    even_q <= {even_q[3:1], even_i};
    first_q <= {first_q[2:1], feed_first_i};
    {x2_q, x1_q} <= {x1_q, x_i};
    feed_q <= rst_ni ? {feed_q[3:1], feed_i} : '0;
  end

  // ---- Products. An activation has few bits: shifts and adds, in LUTs, two bits of it at a time.
  function automatic logic signed [FedBits-1:0] product(embedding_t a, triple_t triple, logic [ActBits-1:0] x);
    logic signed [FedBits-1:0] term;
    product = '0;
    for (int unsigned b = 0; b < ActBits; b += 2) begin
      unique case (2'(x >> b))
        2'd1: term = FedBits'(a);
        2'd2: term = FedBits'(a) <<< 1;
        2'd3: term = FedBits'(triple);
        default: term = '0;
      endcase
      product += term <<< b;
    end
  endfunction

  for (genvar k = 0; k < int'(Embeddings); k++) begin : gen_k
    embedding_t embedding1_q, embedding2_q;
    triple_t triple2_q;
    logic signed [FedBits-1:0] fed3_q;
    logic unused_fed;
    assign unused_fed = ^fed3_q;
    always_ff @(posedge clk_i) begin
      {embedding2_q, embedding1_q} <= {embedding1_q, embedding_i[k]};
      triple2_q <= (triple_t'(embedding1_q) <<< 1) + triple_t'(embedding1_q);
      fed3_q <= product(embedding2_q, triple2_q, x2_q);
      new4_q[k] <= (first_q[3] ? '0 : sums3[even_q[3]][k]) + SumsBits'(fed3_q);
    end
  end

  // ---- The banks, the even one first. A fed word is stored when the next layer may be on already: it carries its bank.
  for (genvar bank = 0; bank < 2; bank++) begin : gen_bank
    localparam int unsigned Depth = (bank == 0) ? SumsEven : SumsOdd;
    if (Depth > 0) begin : gen_words
      localparam int unsigned Width = (Depth > 1) ? $clog2(Depth) : 1;
      logic read, used1_q;
      logic [Width-1:0] addr1_q, addr2_q, addr3_q, addr4_q;
      assign read = even_i == (bank == 0);
      always_ff @(posedge clk_i) begin
        used1_q <= read ? read_i : feed_i;
        addr1_q <= Width'(read ? read_addr_i : feed_addr_i);
        {addr4_q, addr3_q, addr2_q} <= {addr3_q, addr2_q, addr1_q};
      end
      rsnn_deep_ram #(.Width($bits(sums_t)), .Depth(Depth)) u_words (
        .clk_i, .re_i(used1_q), .raddr_i(addr1_q), .rdata_o(sums3[bank]),
        .we_i(feed_q[4] && even_q[4] != (bank == 0)), .waddr_i(addr4_q), .wdata_i(new4_q)
      );
    end else begin : gen_none
      assign sums3[bank] = '0;
    end
  end
  assign sums_o = sums3[!even_q[1]];
endmodule
