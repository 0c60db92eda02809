-- Run by tests/editors.rs: nvim --headless -u NONE -c 'luafile tests/editors/neovim.lua', in a folder with a lock and `a.sql`.
local function check(what, ok)
  if not ok then
    io.stderr:write('neovim: ' .. what .. '\n')
    vim.cmd('cquit 1')
  end
end

local patience = 60000

local function run()
  vim.cmd('edit a.sql')
  local buffer = vim.api.nvim_get_current_buf()
  local id = vim.lsp.start_client({
    name = 'dbtruth',
    cmd = { os.getenv('DBTRUTH_BIN'), 'server' },
    root_dir = vim.fn.getcwd(),
  })
  check('the client does not start', id)
  check('the client does not attach', vim.lsp.buf_attach_client(buffer, id))
  local count = function(n)
    return vim.wait(patience, function() return #vim.diagnostic.get(buffer) == n end, 5)
  end
  check('no finding in the file as opened', count(1))
  local found = vim.diagnostic.get(buffer)[1]
  check('the finding is elsewhere: ' .. vim.inspect(found), found.lnum == 0 and found.col == 7 and found.end_col == 15)
  check('another finding: ' .. vim.inspect(found), found.message:find('mfg_date', 1, true) and found.source == 'dbtruth')

  -- Typed, not saved.
  vim.api.nvim_buf_set_lines(buffer, 0, 1, false, { 'SELECT manufacturing_date FROM batches;' })
  check('the finding stays', count(0))

  local at = { textDocument = vim.lsp.util.make_text_document_params(buffer), position = { line = 0, character = 10 } }
  local ask = function(method, params)
    local answers = vim.lsp.buf_request_sync(buffer, method, params, patience)
    local answer = answers and answers[id]
    check(method .. ': ' .. vim.inspect(answers), answer and answer.result)
    return answer.result
  end
  local hover = ask('textDocument/hover', at)
  check('hover: ' .. vim.inspect(hover), hover.contents.value:find('date not null', 1, true))
  local places = ask('textDocument/definition', at)
  check('definition: ' .. vim.inspect(places), places[1].uri:find('schema.lock.yaml', 1, true))

  vim.api.nvim_buf_set_lines(buffer, 0, 1, false, { 'SELECT manufacturing_dat FROM batches;' })
  check('no finding after typing', count(1))
  local whole = { start = { line = 0, character = 0 }, ['end'] = { line = 1, character = 0 } }
  local actions = ask('textDocument/codeAction', {
    textDocument = at.textDocument,
    range = whole,
    context = { diagnostics = {}, only = { 'source.fixAll.dbtruth' } },
  })
  check('one action: ' .. vim.inspect(actions), #actions == 1)
  vim.lsp.util.apply_workspace_edit(actions[1].edit, vim.lsp.get_client_by_id(id).offset_encoding)
  check('fixed: ' .. vim.api.nvim_buf_get_lines(buffer, 0, 1, false)[1],
    vim.api.nvim_buf_get_lines(buffer, 0, 1, false)[1] == 'SELECT manufacturing_date FROM batches;')
  check('a finding stays after the fix', count(0))

  vim.lsp.stop_client(id)
  check('the server stays', vim.wait(patience, function() return vim.lsp.client_is_stopped(id) end, 5))
end

local ok, problem = pcall(run)
check(tostring(problem), ok)
io.stdout:write('neovim: all well\n')
vim.cmd('qall!')
